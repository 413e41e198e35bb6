import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type RequestHandler, type Router } from 'express';
import { NoSuchPathError } from './http-errors.ts';

/** Files whose name holds a digest of their content never change. */
const A_YEAR = '365d';

/**
 * The built UI: its files, and its one page for every path that the UI itself routes. In the page two placeholders are filled in for
 * each answer, `__BASE_PATH__` and `__CSP_NONCE__`; nothing else is ever put into it.
 */
export function uiPages(uiDir: string, basePath: string): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use('/assets', files(join(uiDir, 'assets'), { immutable: true, maxAge: A_YEAR }));
  router.use(files(uiDir, {}));
  router.get('/{*path}', page(uiDir, basePath === '/' ? '' : basePath));
  return router;
}

function files(folder: string, caching: { immutable?: boolean; maxAge?: string }): RequestHandler {
  const serve = express.static(folder, { index: false, redirect: false, dotfiles: 'ignore', ...caching });
  return (request, response, next) => {
    // The page goes out through `page` alone, which gives it its nonce; sources of scripts stay at home.
    if (/(\.html|\.map)$/i.test(request.path)) next();
    else void serve(request, response, next);
  };
}

function page(uiDir: string, basePath: string): RequestHandler {
  const file = join(uiDir, 'index.html');
  return async (request, response) => {
    if (!isPagePath(request.path)) throw new NoSuchPathError(request.originalUrl.split('?')[0]!);
    response.set({ 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' });
    let html: string;
    try {
      html = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      response.status(503).send(NOT_BUILT);
      return;
    }
    const nonce = String(response.locals.nonce);
    response.send(html.replaceAll('__BASE_PATH__', basePath).replaceAll('__CSP_NONCE__', nonce));
  };
}

/** Paths of the API in another spelling, names of files, and paths that are not in their simplest form are no pages. */
function isPagePath(path: string): boolean {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return false;
  }
  if (/^\/*(api|health)(\/|$)/i.test(decoded) || /\/(\.|\/)|[;\\\0]/.test(decoded)) return false;
  return !/^\/assets\/|\.(html|map|js|css|json|svg|png|ico|txt|woff2?)$/i.test(decoded);
}

const NOT_BUILT = `<!doctype html><title>tsflow</title>
<p>The browser UI is not built. Run <code>npm run build</code>, then reload. The REST API works without it.</p>`;
