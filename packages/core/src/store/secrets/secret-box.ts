import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TsflowError } from '../../errors.ts';

/** The keys of an installation: the newest seals, all of them open. */
export interface SecretKeys {
  readonly current: string;
  /** 32 bytes each, by id. */
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** Thrown when a sealed text does not open: its key is not there, or it is not what was sealed for this place. */
export class SecretUnreadableError extends TsflowError {
  constructor(what: string, why: string) {
    super('secret_unreadable', `The secret of ${what} cannot be read: ${why}`);
  }
}

const VERSION = 'v1';
const IV_BYTES = 12;

/** Seals `text` for one place with AES-256-GCM: moved to another place it does not open. `v1.<key id>.<iv>.<tag>.<text>`. */
export function seal({ current, keys }: SecretKeys, place: string, text: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keys.get(current)!, iv).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const parts = [iv, cipher.getAuthTag(), sealed].map((bytes) => bytes.toString('base64url'));
  return [VERSION, current, ...parts].join('.');
}

/** The text that was sealed for `place`. Throws {@link SecretUnreadableError}. */
export function unseal({ keys }: SecretKeys, place: string, sealed: string): string {
  const [version, keyId = '', iv = '', tag = '', text = ''] = sealed.split('.');
  if (version !== VERSION)
    throw new SecretUnreadableError(place, 'it is not in a form that this release knows.');
  const key = keys.get(keyId);
  if (key === undefined) {
    throw new SecretUnreadableError(
      place,
      `it was sealed with the key "${keyId}", which the key file of this home does not have. Restore the file, or set the secret anew.`,
    );
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64url'))
      .setAAD(Buffer.from(place))
      .setAuthTag(Buffer.from(tag, 'base64url'));
    return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString(
      'utf8',
    );
  } catch (cause) {
    throw Object.assign(
      new SecretUnreadableError(place, 'it was changed, or belongs to another place. Set the secret anew.'),
      { cause },
    );
  }
}
