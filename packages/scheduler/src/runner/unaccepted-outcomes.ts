import type { AboutAttempt, RunnerIdentity } from '../task-api/protocol.ts';
import type { OutcomeMessage, Spool } from '../task-api/spool.ts';

/** An outcome that nobody accepted for this long also goes to disk: the database may be away for long. */
const SPOOL_AFTER_MS = 5_000;
/** How often an outcome that found no space is tried to be put on disk. */
const SPOOL_AGAIN_MS = 1_000;

interface Unaccepted {
  readonly message: OutcomeMessage;
  readonly sentAt: number;
  spooled: boolean;
}

export interface UnacceptedOutcomesOptions {
  readonly spool: Spool;
  readonly identity: RunnerIdentity;
  /** Whether there is somebody who may accept them. */
  isConnected(): boolean;
  /** Some were put on disk because time passed. */
  spooled(): void;
}

/** Outcomes of a runner that no scheduler has accepted yet: in memory, and on disk as soon as this process alone must not hold them. */
export class UnacceptedOutcomes {
  readonly #options: UnacceptedOutcomesOptions;
  /** By `attempt-grant`. */
  readonly #outcomes = new Map<string, Unaccepted>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: UnacceptedOutcomesOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#outcomes.size === 0;
  }

  /** Whether none lives in this process alone. */
  get areSafe(): boolean {
    return [...this.#outcomes.values()].every(({ spooled }) => spooled);
  }

  get messages(): readonly OutcomeMessage[] {
    return [...this.#outcomes.values()].map(({ message }) => message);
  }

  /** Keeps one that was sent; on disk at once when it could not be. */
  keep(message: OutcomeMessage, wasSent: boolean): void {
    const kept = { message, sentAt: performance.now(), spooled: false };
    this.#outcomes.set(keyOf(message), kept);
    if (wasSent) this.#lookIn(SPOOL_AFTER_MS);
    else this.#toSpool(kept);
  }

  /** It was accepted, or is not wanted any more. */
  forget(about: AboutAttempt): void {
    const kept = this.#outcomes.get(keyOf(about));
    if (kept === undefined) return;
    this.#outcomes.delete(keyOf(about));
    if (kept.spooled) this.#options.spool.remove(about.attemptId, about.grantNumber);
  }

  /** Puts all of them on disk. */
  spoolAll(): void {
    for (const kept of this.#outcomes.values()) this.#toSpool(kept);
  }

  #spoolOverdue(): void {
    this.#timer = null;
    const before = performance.now() - SPOOL_AFTER_MS;
    const isConnected = this.#options.isConnected();
    for (const kept of this.#outcomes.values())
      if (!isConnected || kept.sentAt <= before) this.#toSpool(kept);
    this.#options.spooled();
    if (!this.isEmpty) this.#lookIn(SPOOL_AFTER_MS);
  }

  #toSpool(kept: Unaccepted): void {
    if (kept.spooled) return;
    const { runnerId, host, pid } = this.#options.identity;
    try {
      this.#options.spool.write({ runnerId, host, pid, message: kept.message });
      kept.spooled = true;
    } catch {
      // The disk is full: as long as this process lives it holds the outcome, tries again, and says it to the next scheduler.
      this.#lookIn(SPOOL_AGAIN_MS);
    }
  }

  #lookIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#spoolOverdue(), ms).unref();
  }
}

function keyOf({ attemptId, grantNumber }: AboutAttempt): string {
  return `${attemptId}-${grantNumber}`;
}
