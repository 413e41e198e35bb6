import type { Config } from '@tsflow/core/config';
import type { CookieOptions, Request, Response } from 'express';

type Site = Pick<Config, 'port' | 'basePath'>;

/** Cookies do not know ports: two servers on one machine must not overwrite each other's sessions. */
const cookieName = (site: Site) => `tsflow_session_${site.port}`;

/** The session's token that the browser sent; null without one. */
export function sessionToken(request: Request, site: Site): string | null {
  const name = cookieName(site);
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value] = pair.split('=', 2);
    if (key?.trim() === name && value !== undefined && value !== '') return value.trim();
  }
  return null;
}

export function setSessionCookie(response: Response, site: Site, token: string, maxAgeMs: number): void {
  response.cookie(cookieName(site), token, { ...attributes(response.req, site), maxAge: maxAgeMs });
}

export function clearSessionCookie(response: Response, site: Site): void {
  response.clearCookie(cookieName(site), attributes(response.req, site));
}

function attributes(request: Request, site: Site): CookieOptions {
  return {
    httpOnly: true,
    sameSite: 'strict',
    path: site.basePath,
    // What a proxy says about TLS is believed here alone: a lie only keeps the liar from sending the cookie back.
    secure: request.secure || request.headers['x-forwarded-proto'] === 'https',
  };
}
