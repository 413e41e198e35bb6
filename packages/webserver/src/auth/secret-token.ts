import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits as text that fits cookies, headers and URLs. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * What the database keeps of a token. A plain hash is enough: a token is random, so there is nothing to guess, and looking the hash up
 * by index does not tell how much of it was right.
 */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
