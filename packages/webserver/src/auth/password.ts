import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { InvalidInputError } from '@tsflow/core/errors';

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** OWASP's second choice for scrypt (2^15, 8, 3) with one lane: 32 MiB and about 80 ms on the reference machine. */
const COST = { N: 2 ** 15, r: 8, p: 1 };
const KEY_BYTES = 32;
const MIN_LENGTH = 10;
/** scrypt reads all of it; a password of megabytes is an attack on the processor. */
const MAX_LENGTH = 256;

/** `scrypt$N$r$p$salt$hash`, salt and hash in base64url. Throws {@link InvalidInputError} for a password that is too short or long. */
export async function hashPassword(password: string): Promise<string> {
  if (password.length < MIN_LENGTH || password.length > MAX_LENGTH) {
    throw new InvalidInputError(
      `password: expected ${MIN_LENGTH} to ${MAX_LENGTH} characters, got ${password.length}.`,
    );
  }
  const salt = randomBytes(16);
  const hash = await derive(password, salt, KEY_BYTES, options(COST));
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Whether `password` is the one behind `stored`. Takes as long for a user who does not exist (null): how long a login takes says
 * nothing about who has an account.
 */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [scheme, N, r, p, salt, hash] = (stored ?? NOBODY).split('$');
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await derive(
    password.slice(0, MAX_LENGTH + 1),
    Buffer.from(salt, 'base64url'),
    expected.length,
    options(cost),
  );
  return timingSafeEqual(actual, expected) && stored !== null;
}

/** A password to print once: 120 random bits, without letters that look alike. */
export function generatePassword(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$${Buffer.alloc(16).toString('base64url')}$${Buffer.alloc(KEY_BYTES).toString('base64url')}`;

const options = ({ N, r, p }: typeof COST): ScryptOptions => ({ N, r, p, maxmem: 256 * N * r });
