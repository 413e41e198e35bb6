import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Where the two numbers are in the file. Each is followed by its complement, so that one that is half written is seen. */
const CLAIMED_AT = 0;
const REVOKED_AT = 8;
const NUMBER_BYTES = 8;

/**
 * Which of its grants a runner has begun, and which were taken back: two numbers in a file that a runner and the scheduler that started it share,
 * `<home>/scratch/<runnerId>.claims`. The scheduler numbers the grants of a runner: the ticket. Before the runner begins one it writes the
 * ticket and then reads what was revoked; the scheduler writes what it revokes and then reads what was claimed. Whoever comes second sees the
 * first (POSIX: a read that comes after a write finds it), so a grant is never both begun and taken back, also when the code of a task
 * blocks the event loop and nobody there could answer a message. It costs each side two system calls.
 */
export class Claims {
  readonly #file: number;
  readonly #number = Buffer.alloc(NUMBER_BYTES);

  private constructor(file: number) {
    this.#file = file;
  }

  /** Of a runner that is about to be started. Throws what the file system says. */
  static create(home: string, runnerId: string): Claims {
    const claims = new Claims(openSync(pathOf(home, runnerId), 'wx+', 0o600));
    try {
      claims.#write(CLAIMED_AT, 0);
      claims.#write(REVOKED_AT, 0);
      return claims;
    } catch (error) {
      claims.close();
      Claims.remove(home, runnerId);
      throw error;
    }
  }

  /** Of the runner that asks. Throws when its scheduler made none. */
  static open(home: string, runnerId: string): Claims {
    return new Claims(openSync(pathOf(home, runnerId), 'r+'));
  }

  static remove(home: string, runnerId: string): void {
    rmSync(pathOf(home, runnerId), { force: true });
  }

  /** For the runner, tickets in rising order. Whether it may begin; false: it was taken back, or is about to be. */
  claim(ticket: number): boolean {
    this.#write(CLAIMED_AT, ticket);
    return this.#read(REVOKED_AT) < ticket;
  }

  /**
   * For the scheduler: takes back every grant up to `ticket` that has not begun. Returns the newest one that was claimed: those after it will
   * not begin; it and those before have begun, or their runner says that they were declined. Throws what the file system says.
   */
  revoke(ticket: number): number {
    this.#write(REVOKED_AT, ticket);
    return this.claimed;
  }

  /** The newest ticket that the runner claimed; 0: none. */
  get claimed(): number {
    return this.#read(CLAIMED_AT);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(position: number, value: number): void {
    this.#number.writeUInt32LE(value);
    this.#number.writeUInt32LE(~value >>> 0, 4);
    writeSync(this.#file, this.#number, 0, NUMBER_BYTES, position);
  }

  #read(position: number): number {
    for (;;) {
      readSync(this.#file, this.#number, 0, NUMBER_BYTES, position);
      const value = this.#number.readUInt32LE();
      if (~value >>> 0 === this.#number.readUInt32LE(4)) return value;
    }
  }
}

function pathOf(home: string, runnerId: string): string {
  return join(home, 'scratch', `${runnerId}.claims`);
}
