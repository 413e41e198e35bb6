import type { Request } from 'express';
import type { WebServices } from '../web-services.ts';
import { accountOfApiToken } from './api-token.ts';
import type { Caller } from './role.ts';
import { sessionToken } from './session-cookie.ts';

/**
 * Who sent a request: by API token when there is an Authorization header (then a cookie counts for nothing), else by session cookie;
 * null when nobody can be told.
 */
export async function authenticate(
  request: Request,
  { store, sessions, clock, config }: Pick<WebServices, 'store' | 'sessions' | 'clock' | 'config'>,
): Promise<Caller | null> {
  const address = request.ip ?? '';
  const header = request.headers.authorization;
  if (header !== undefined) {
    const token = /^Bearer ([\w.~+/-]{1,512})$/i.exec(header)?.[1];
    const account = token === undefined ? null : await accountOfApiToken(store, token, clock.now());
    return account === null ? null : { ...account, by: 'token', address };
  }
  const cookie = sessionToken(request, config);
  const account = cookie === null ? null : await sessions.account(cookie);
  return account === null ? null : { ...account, by: 'session', address };
}
