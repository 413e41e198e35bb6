import type { Clock, Timer } from '@tsflow/core/clock';

/** Where every history begins: 2026-01-15T00:00:00Z. */
export const BEGINNING = Date.UTC(2026, 0, 15);

/** The true time, in ms since the beginning: it passes when the world says so. */
export class TrueTime {
  ms = 0;

  get wall(): number {
    return BEGINNING + this.ms;
  }
}

interface PendingTimer {
  at: number;
  readonly callback: () => void;
}

/** The clocks of one process: its wall clock may be set, its monotonic one may stand still with its machine. */
export class ProcessClock implements Clock {
  /** How far its wall clock is ahead of the true time. */
  wallAhead = 0;
  /** How often it was read: a sign of life. */
  reads = 0;
  readonly #time: TrueTime;
  #suspendedMs = 0;
  readonly #timers = new Set<PendingTimer>();

  constructor(time: TrueTime) {
    this.#time = time;
  }

  now(): number {
    this.reads += 1;
    return this.#time.wall + this.wallAhead;
  }

  monotonic(): number {
    this.reads += 1;
    return this.#time.ms - this.#suspendedMs;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const timer: PendingTimer = { at: this.#time.ms + Math.max(0, delayMs), callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Its machine stood still for `ms`: the wall clock went on, the monotonic one did not. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  /** When its next timer is due, in true time. */
  get nextTimer(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#timers) next = Math.min(next, at);
    return next;
  }

  /** Fires what is due. */
  fire(): void {
    const due = [...this.#timers].filter(({ at }) => at <= this.#time.ms).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      if (this.#timers.delete(timer)) timer.callback();
    }
  }
}
