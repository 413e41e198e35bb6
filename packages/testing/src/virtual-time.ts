import type { Clock } from '@tsflow/core/clock';
import { ManualClock } from './manual-clock.ts';

/** The scheduler whose time it is. */
export interface Timed {
  /** How many attempts run now. */
  running(): number;
  /** Has it look at what is new, and at what is due. */
  ping(reason: 'intents' | 'variables'): void;
}

/**
 * Time of a test. It stands still while anything happens, and leaps from one due instant to the next: what the scheduler waits for, the fakes
 * and tasks that sleep, and the limits of attempts.
 */
export class VirtualTime {
  readonly clock: ManualClock;
  readonly #timed: Timed;
  /** Fakes and tasks that wait for virtual time. */
  readonly #waits = new Set<{ readonly at: number; readonly over: () => void }>();
  /** When the limits of attempts that run now are reached. */
  readonly #limits = new Set<{ readonly at: number }>();
  #idle = false;
  #nextDue: number | null = null;
  #failure: Error | null = null;
  #noticed: () => void = () => undefined;

  constructor(now: Date | string | undefined, timed: Timed) {
    this.clock = new ManualClock(now);
    this.#timed = timed;
  }

  /** What the clock says, in milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** Resolves when nothing happens any more unless time passes. Throws what went wrong meanwhile. */
  async settled(): Promise<void> {
    while (!this.#isSettled()) {
      await new Promise<void>((resolve) => {
        this.#noticed = resolve;
      });
      if (this.#failure !== null) throw this.#failure;
    }
  }

  /** The next instant at which anything is due; null: there is none. */
  next(): number | null {
    const instants = [...this.#limits, ...this.#waits].map(({ at }) => at);
    if (this.#nextDue !== null) instants.push(this.#nextDue);
    return instants.length === 0 ? null : Math.min(...instants);
  }

  /** Lets all the time until `instant` pass at once. */
  async leap(instant: number): Promise<void> {
    if (this.#waits.size > 0) {
      // Whatever began and has not ended is known to the scheduler before time passes.
      this.wake('intents');
      await this.settled();
    }
    this.#idle = false;
    await this.clock.leapTo(instant);
    for (const wait of this.#waits) if (wait.at <= this.clock.now()) wait.over();
    this.wake('intents');
  }

  /** Resolves when so much time has passed; rejects with the reason of `signal` as soon as it fires. */
  pass(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const wait = {
        at: this.clock.now() + ms,
        over: () => {
          this.#waits.delete(wait);
          signal.removeEventListener('abort', wait.over);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        },
      };
      signal.addEventListener('abort', wait.over);
      this.#waits.add(wait);
      this.#noticed();
    });
  }

  /** The same clock, with an eye on the timers of attempts: time may pass until the first of them. */
  attemptClock(): Clock {
    return {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      setTimer: (ms, callback) => {
        const limit = { at: this.clock.now() + ms };
        this.#limits.add(limit);
        const timer = this.clock.setTimer(ms, () => {
          this.#limits.delete(limit);
          callback();
        });
        return {
          cancel: () => {
            this.#limits.delete(limit);
            timer.cancel();
          },
        };
      },
    };
  }

  /** Something is new for the scheduler. */
  wake(reason: 'intents' | 'variables'): void {
    this.#idle = false;
    this.#timed.ping(reason);
  }

  /** The scheduler has something to do that it hears of by itself. */
  busy(): void {
    this.#idle = false;
  }

  /** The scheduler has nothing more to do before `nextDue`; null: ever. */
  becameIdle(nextDue: number | null): void {
    this.#idle = true;
    this.#nextDue = nextDue;
    this.#noticed();
  }

  /** Nothing more comes of this test: whoever waits hears why. */
  fail(error: Error): void {
    this.#failure = error;
    this.#noticed();
  }

  /** Lets go whatever waits for time to pass. */
  end(): void {
    for (const wait of this.#waits) wait.over();
  }

  #isSettled(): boolean {
    return this.#idle && this.#timed.running() === this.#waits.size;
  }
}
