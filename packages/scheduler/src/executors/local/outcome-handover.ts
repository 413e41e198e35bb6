import type { AboutAttempt, RunnerMessage } from '../../task-api/protocol.ts';
import type { Spool, SpooledOutcome } from '../../task-api/spool.ts';
import type { OutcomeReport } from '../executor.ts';
import type { RunnerProcess } from './runner-process.ts';

/**
 * Outcomes on their way from a runner to the database: each is reported once, and whoever holds it, a runner or a file that one left, is told
 * when it is accepted or fenced.
 */
export class OutcomeHandover {
  readonly #spool: Spool;
  readonly #report: (report: OutcomeReport) => void;
  /** Neither accepted nor fenced yet; the runner that holds it, or null: it is on disk. */
  readonly #open = new Map<string, RunnerProcess | null>();

  constructor(spool: Spool, report: (report: OutcomeReport) => void) {
    this.#spool = spool;
    this.#report = report;
  }

  isOpen(about: AboutAttempt): boolean {
    return this.#open.has(keyOf(about));
  }

  /** A runner says an outcome, perhaps again. */
  fromRunner(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'outcome' }>): void {
    const { runnerId, host, pid } = runner.identity;
    this.#handOn(runner, { runnerId, host, pid, message });
  }

  /** Reports the outcome that a runner left on disk. Says whether there is one, or there was. */
  fromSpool(about: AboutAttempt): boolean {
    if (this.isOpen(about)) return true;
    const spooled = this.#spool.read(about.attemptId, about.grantNumber);
    if (spooled !== null) this.#handOn(null, spooled);
    return spooled !== null;
  }

  /** The runner is gone: what it held and nobody answered is on disk, if anywhere. */
  forget(runner: RunnerProcess): void {
    for (const [key, holder] of this.#open) if (holder === runner) this.#open.set(key, null);
  }

  /** Tells who holds it that it may forget it. */
  answer({ attemptId, grantNumber }: AboutAttempt, verb: 'accepted' | 'fenced'): void {
    const key = keyOf({ attemptId, grantNumber });
    const runner = this.#open.get(key);
    if (runner === undefined) return;
    this.#open.delete(key);
    if (runner === null || !runner.isConnected) this.#spool.remove(attemptId, grantNumber);
    else if (runner.retiring) runner.send({ verb, attemptId, grantNumber });
    else runner.connection!.sendLazily({ verb, attemptId, grantNumber });
  }

  #handOn(holder: RunnerProcess | null, { runnerId, host, pid, message }: SpooledOutcome): void {
    const key = keyOf(message);
    if (this.#open.has(key)) return;
    this.#open.set(key, holder);
    const { verb: _verb, ...report } = message;
    this.#report({ ...report, runnerId, host, pid });
  }
}

function keyOf({ attemptId, grantNumber }: AboutAttempt): string {
  return `${attemptId}-${grantNumber}`;
}
