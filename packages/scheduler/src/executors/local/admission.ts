import pLimit, { type LimitFunction } from 'p-limit';
import type { Assignment } from './assignment.ts';

/** Callbacks that run at once, beside the attempts that the limit allows. */
const CALLBACKS_AT_ONCE = 2;

/**
 * How many assignments are under way at once. Attempts come in the order of their submission, as many as `concurrency` says now; what tells
 * of the end of others has a place of its own beside them, so that long tasks, or a limit of 0, keep no alert and no kill waiting.
 */
export class Admission {
  readonly #limit: LimitFunction;
  readonly #callbackLimit = pLimit(CALLBACKS_AT_ONCE);
  /** `onKill`s that are under way. */
  #onKills = 0;
  #concurrency: number;
  /** Their turn came while the limit was 0. */
  readonly #held = new Set<Assignment>();
  readonly #begin: (assignment: Assignment) => void;

  /** `begin` is called with what may go on; `assignment.release` gives its place back. */
  constructor(concurrency: number, begin: (assignment: Assignment) => void) {
    this.#concurrency = concurrency;
    this.#limit = pLimit(Math.max(1, concurrency));
    this.#begin = begin;
  }

  /** Most processes that are of use now. */
  get places(): number {
    return this.#concurrency + this.#onKills + this.#callbackLimit.activeCount;
  }

  /** Lets it begin when its turn comes, unless `isOver` by then. */
  submit(assignment: Assignment, isOver: () => boolean): void {
    const begun = (): Promise<void> =>
      new Promise((release) => {
        if (isOver()) return release();
        assignment.release = release;
        const isAttempt = assignment.workload?.kind === 'execute';
        if (this.#concurrency === 0 && isAttempt) this.#held.add(assignment);
        else this.#begin(assignment);
      });
    if (assignment.workload?.kind === 'on_kill') {
      this.#onKills += 1;
      void begun().then(() => {
        this.#onKills -= 1;
      });
      return;
    }
    void (assignment.workload?.kind === 'callback' ? this.#callbackLimit : this.#limit)(begun);
  }

  /** It is over: its place is free. */
  close(assignment: Assignment): void {
    this.#held.delete(assignment);
    assignment.release();
  }

  /** From now on so many attempts at once; what is under way goes on. Says whether anything changed. */
  setConcurrency(concurrency: number): boolean {
    if (concurrency === this.#concurrency) return false;
    this.#concurrency = concurrency;
    if (concurrency === 0) return true;
    this.#limit.concurrency = concurrency;
    const held = [...this.#held];
    this.#held.clear();
    for (const assignment of held) this.#begin(assignment);
    return true;
  }
}
