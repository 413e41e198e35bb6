/**
 * Tells time. Everything that waits or stamps gets its clock through the constructor, so that the same code runs
 * under a virtual clock in tests and simulations.
 */
export interface Clock {
  /** Wall-clock time: milliseconds since 1970-01-01T00:00:00Z. May jump in either direction. */
  now(): number;
  /** Monotonic time in milliseconds from an arbitrary start. Never goes back; the one to measure waits and leases by. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`. Delays above {@link MAX_TIMER_MS} are cut there: Node fires those at once. */
  setTimer(delayMs: number, callback: () => void): Timer;
}

/** A pending timer of a {@link Clock}; `cancel` may be called any number of times. */
export interface Timer {
  cancel(): void;
}

/** Node stores timer delays in 32 bits; a longer one fires immediately (Node's documentation of `setTimeout`). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    const handle = setTimeout(callback, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
};
