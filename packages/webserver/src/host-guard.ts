import type { RequestHandler } from 'express';
import { ForbiddenError } from './http-errors.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost', '::ffff:127.0.0.1']);

/** Whether `host` is an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * A server on loopback answers only to the names of loopback and to `allowedHosts` (comma-separated, for a proxy on the same machine):
 * a page of elsewhere whose name was rebound to 127.0.0.1 sends its own name. A server that listens elsewhere answers to any name
 * unless there is such a list: it has logins.
 */
export function hostGuard(boundTo: string, allowedHosts: string): RequestHandler {
  const allowed = new Set(allowedHosts.split(',').filter((host) => host !== ''));
  if (!isLoopback(boundTo)) {
    if (allowed.size === 0) return (_request, _response, next) => next();
    allowed.add(boundTo.toLowerCase());
  }
  return (request, _response, next) => {
    const name = hostName(request.headers.host);
    if (name !== null && (isLoopback(name) || name.endsWith('.localhost') || allowed.has(name))) {
      next();
      return;
    }
    throw new ForbiddenError(
      `This server listens on ${boundTo} and does not answer to the name ${JSON.stringify(name ?? '')}. ` +
        'Behind a proxy, add the name people use to TSFLOW_ALLOWED_HOSTS.',
    );
  };
}

/** The name in a Host header without its port, lower case; null when there is none or it is malformed. */
function hostName(header: string | undefined): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:@/\\[\]]+))(?::\d{1,5})?$/i.exec(header ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase() ?? null;
}
