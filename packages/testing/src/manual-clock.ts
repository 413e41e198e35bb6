import type { Clock, Timer } from '@tsflow/core/clock';

interface PendingTimer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * A clock that is moved by hand. Time stands still until `advance`; timers then fire in order, each at its own instant, and what they
 * set meanwhile fires too when it falls into the stretch.
 */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  readonly #timers = new Set<PendingTimer>();

  /** @param start wall-clock time to begin at; default 2026-01-01T00:00:00Z */
  constructor(start: Date | string = '2026-01-01T00:00:00Z') {
    this.#now = new Date(start).getTime();
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: PendingTimer = { at: this.#monotonic + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Lets `ms` pass on both clocks and fires what falls due, letting promises settle between timers. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (let next = this.#earliest(end); next !== null; next = this.#earliest(end)) {
      this.#passTo(Math.max(this.#monotonic, next.at));
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#passTo(end);
    await settle();
  }

  /**
   * Lets the time until `instant` pass unseen, as a machine does that slept: timers that fell due fire once, late and in order. An
   * instant that is over changes nothing.
   */
  async leapTo(instant: number): Promise<void> {
    this.#passTo(this.#monotonic + Math.max(0, instant - this.#now));
    await this.advance(0);
  }

  /** Sets the wall clock as an administrator or NTP would: timers, which go by monotonic time, do not notice. */
  jump(to: Date | string): void {
    this.#now = new Date(to).getTime();
  }

  /** How many timers wait for the clock to be moved. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  #passTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #earliest(end: number): PendingTimer | null {
    let earliest: PendingTimer | null = null;
    for (const timer of this.#timers) {
      if (timer.at <= end && (earliest === null || timer.at < earliest.at)) earliest = timer;
    }
    return earliest;
  }
}

/** One round of the event loop: promises that the timer resolved have gone on by then. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
