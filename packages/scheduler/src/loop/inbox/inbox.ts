import type { Clock, Timer } from '@tsflow/core/clock';
import type { Report } from './report.ts';

/** Hints that the database has news. */
export type Hint = 'intents' | 'variables' | 'versions' | 'leases';

/** A start (and a name) alone waits this long for its outcome, so that all are one update (a short task is over by then). */
const START_PATIENCE_MS = 8;

/**
 * Collects what the next turn has to look at, and wakes it. A turn takes what has come, bounded, without waiting for more: batches
 * form by themselves while a commit is under way.
 */
export class Inbox {
  readonly #clock: Clock;
  #reports: Report[] = [];
  readonly #hints = new Set<Hint>();
  #wake: (() => void) | null = null;
  #pendingWake = false;
  #patience: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  report(report: Report): void {
    this.#reports.push(report);
    if (report.kind !== 'started' && report.kind !== 'named') return this.wake();
    this.#patience ??= this.#clock.setTimer(START_PATIENCE_MS, () => this.wake());
  }

  hint(hint: Hint): void {
    this.#hints.add(hint);
    this.wake();
  }

  /** Puts reports back in front: their commit did not go through. */
  putBack(reports: readonly Report[]): void {
    this.#reports = [...reports, ...this.#reports];
  }

  takeReports(max: number): Report[] {
    const taken = this.#reports.length <= max ? this.#reports : this.#reports.slice(0, max);
    this.#reports = this.#reports.length <= max ? [] : this.#reports.slice(max);
    return taken;
  }

  /** Whether this hint came; it is taken. */
  takeHint(hint: Hint): boolean {
    return this.#hints.delete(hint);
  }

  takeHints(): Set<Hint> {
    const taken = new Set(this.#hints);
    this.#hints.clear();
    return taken;
  }

  wake(): void {
    this.#patience?.cancel();
    this.#patience = null;
    this.#pendingWake = true;
    this.#wake?.();
  }

  /** Whether something came since the last sleep. */
  get isAwake(): boolean {
    return this.#pendingWake;
  }

  /** Resolves when something came, or after `maxMs`. */
  async sleep(maxMs: number): Promise<void> {
    if (!this.#pendingWake && maxMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.setTimer(maxMs, resolve);
        this.#wake = () => {
          timer.cancel();
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#pendingWake = false;
  }
}
