import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { failpoint } from '@tsflow/core/failpoint';
import type { RunnerMessage } from './protocol.ts';

/** An outcome that could not be handed over: whose it is, and the message as it would have been sent. */
export interface SpooledOutcome {
  readonly runnerId: string;
  readonly host: string;
  readonly pid: number;
  readonly message: OutcomeMessage;
}

export type OutcomeMessage = Extract<RunnerMessage, { verb: 'outcome' }>;

/**
 * Outcomes on disk, for the time in which no scheduler takes them: `<home>/spool/<attemptId>-<grantNumber>.json`. Written by runners
 * that lost their scheduler, read by the next one. A file that is there is whole: it is synced, renamed, and its directory synced.
 */
export class Spool {
  readonly #folder: string;

  constructor(home: string) {
    this.#folder = join(home, 'spool');
  }

  /** On disk when it returns. Throws what the file system says. */
  write(outcome: SpooledOutcome): void {
    const { attemptId, grantNumber } = outcome.message;
    const path = this.#path(attemptId, grantNumber);
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeDurably(path, JSON.stringify(outcome));
    failpoint('after-spool');
  }

  /** Null: there is none, or what is there cannot be read as one. */
  read(attemptId: number, grantNumber: number): SpooledOutcome | null {
    try {
      const outcome = JSON.parse(readFileSync(this.#path(attemptId, grantNumber), 'utf8')) as SpooledOutcome;
      return outcome.message.verb === 'outcome' ? outcome : null;
    } catch {
      return null;
    }
  }

  /** Once it is accepted or fenced. */
  remove(attemptId: number, grantNumber: number): void {
    rmSync(this.#path(attemptId, grantNumber), { force: true });
  }

  /** Removes what nobody asked for: outcomes, and halves of them that a crash left, written before `instantMs`. */
  removeOlderThan(instantMs: number): void {
    for (const name of namesIn(this.#folder)) {
      const path = join(this.#folder, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status?.isFile() === true && status.mtimeMs < instantMs) rmSync(path, { force: true });
    }
  }

  #path(attemptId: number, grantNumber: number): string {
    return join(this.#folder, `${attemptId}-${grantNumber}.json`);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function writeDurably(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
