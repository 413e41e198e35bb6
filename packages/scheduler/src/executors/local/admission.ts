import pLimit, { type LimitFunction } from 'p-limit';
import type { Assignment } from './assignment.ts';

/** Callbacks that run at once, beside the attempts that the limit allows. */
const CALLBACKS_AT_ONCE = 2;

/**
 * How many assignments are under way at once. Attempts come in the order of their submission, as many as `concurrency` says now; what tells
 * of the end of others has a place of its own beside them, so that long tasks, or a limit of 0, keep no alert and no kill waiting.
 */
export class Admission {
  /** Never below 1, which p-limit refuses: what has its turn while the limit is 0 is held here. */
  readonly #limit: LimitFunction;
  readonly #callbackLimit = pLimit(CALLBACKS_AT_ONCE);
  #concurrency: number;
  readonly #held = new Set<Assignment>();
  /** Attempts that have begun. */
  readonly #underWay = new Set<Assignment>();
  /** `onKill`s that are under way. */
  #onKills = 0;
  readonly #begin: (assignment: Assignment) => void;

  /** `begin` is called with what may go on, until {@link close}. */
  constructor(concurrency: number, begin: (assignment: Assignment) => void) {
    this.#concurrency = concurrency;
    this.#limit = pLimit(Math.max(1, concurrency));
    this.#begin = begin;
  }

  /** Most processes that are of use now: a limit that was lowered ends nothing. */
  get places(): number {
    const attempts = Math.max(this.#concurrency, this.#underWay.size);
    return attempts + this.#onKills + this.#callbackLimit.activeCount;
  }

  /** Lets it begin when its turn comes, unless `isOver` by then. */
  submit(assignment: Assignment, isOver: () => boolean): void {
    const kind = assignment.workload?.kind;
    const turn = (): Promise<void> =>
      new Promise((release) => {
        if (isOver()) return release();
        assignment.release = release;
        if (kind !== 'execute') return this.#begin(assignment);
        this.#held.add(assignment);
        this.#beginHeld();
      });
    if (kind === 'on_kill') {
      this.#onKills += 1;
      void turn().then(() => {
        this.#onKills -= 1;
      });
    } else {
      void (kind === 'callback' ? this.#callbackLimit : this.#limit)(turn);
    }
  }

  /** It is over: its place is free. */
  close(assignment: Assignment): void {
    this.#held.delete(assignment);
    this.#underWay.delete(assignment);
    assignment.release();
    this.#beginHeld();
  }

  /** From now on so many attempts at once; what is under way goes on. */
  setConcurrency(concurrency: number): void {
    this.#concurrency = concurrency;
    if (concurrency === 0) return;
    this.#limit.concurrency = concurrency;
    this.#beginHeld();
  }

  #beginHeld(): void {
    for (const assignment of this.#held) {
      if (this.#underWay.size >= this.#concurrency) return;
      this.#held.delete(assignment);
      this.#underWay.add(assignment);
      this.#begin(assignment);
    }
  }
}
