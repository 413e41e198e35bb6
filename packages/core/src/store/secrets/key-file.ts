import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SecretKeys, SecretUnreadableError } from './secret-box.ts';

const KEY_BYTES = 32;

/** `<home>/secret.key`, 0600: what opens the secrets of the database. It is never in the database. */
export class KeyFile {
  readonly path: string;

  constructor(home: string) {
    this.path = join(home, 'secret.key');
  }

  /** The keys; a file that is not there yet is made, of two processes at once by one. */
  keys(): SecretKeys {
    if (!existsSync(this.path)) this.#create();
    chmodSync(this.path, 0o600);
    return this.#read();
  }

  /** Adds a key, which seals from now on. Those before it still open what they sealed. */
  rotate(): SecretKeys {
    const { keys } = this.keys();
    const current = newKeyId();
    const all = new Map([...keys, [current, randomBytes(KEY_BYTES)]]);
    const next = `${this.path}.${process.pid}`;
    writeFileSync(next, fileText(current, all), { mode: 0o600 });
    renameSync(next, this.path);
    return { current, keys: all };
  }

  #create(): void {
    const current = newKeyId();
    try {
      writeFileSync(this.path, fileText(current, new Map([[current, randomBytes(KEY_BYTES)]])), {
        mode: 0o600,
        flag: 'wx',
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }

  #read(): SecretKeys {
    try {
      const { current, keys } = JSON.parse(readFileSync(this.path, 'utf8')) as {
        current: string;
        keys: Record<string, string>;
      };
      const all = new Map(Object.entries(keys).map(([id, key]) => [id, Buffer.from(key, 'base64')]));
      if (all.get(current)?.length === KEY_BYTES) return { current, keys: all };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new SecretUnreadableError(
      'this installation',
      `${this.path} is no key file. Restore it from a backup; without it secrets have to be set anew.`,
    );
  }
}

function newKeyId(): string {
  return randomBytes(4).toString('hex');
}

function fileText(current: string, keys: ReadonlyMap<string, Buffer>): string {
  const texts = Object.fromEntries([...keys].map(([id, key]) => [id, key.toString('base64')]));
  return `${JSON.stringify({ current, keys: texts }, null, 2)}\n`;
}
