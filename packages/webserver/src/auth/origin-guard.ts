import type { Request, RequestHandler } from 'express';
import { ForbiddenError } from '../http-errors.ts';

/**
 * Refuses what pages of other origins send with the cookies of this one. Browsers say where a request comes from in `Sec-Fetch-Site`,
 * which no page can set; older ones, and all of them over plain http to other machines, say `Origin` with everything that writes.
 * A request with an API token passes: no browser sends that by itself. So does one with neither header: no browser sent it.
 */
export function originGuard(): RequestHandler {
  return (request, _response, next) => {
    if (request.headers.authorization === undefined && !isOurs(request)) {
      throw new ForbiddenError('This request comes from a page of another origin.');
    }
    next();
  };
}

function isOurs(request: Request): boolean {
  const site = request.headers['sec-fetch-site'];
  // `none`: typed, or a bookmark.
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && isRead(request));
  const origin = request.headers.origin;
  if (origin === undefined) return true;
  const host = request.headers.host?.toLowerCase();
  return URL.canParse(origin) && new URL(origin).host === host;
}

const isRead = (request: Request) => request.method === 'GET' || request.method === 'HEAD';
