import { createHash } from 'node:crypto';

/**
 * A name for content: equal parts give equal digests, and no two lists of parts run into one another. SHA-256 cut to 128
 * bits, 32 hexadecimal characters, because it also names directories and Unix sockets and paths are short.
 */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    hash.update(`${bytes.byteLength}:`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}
