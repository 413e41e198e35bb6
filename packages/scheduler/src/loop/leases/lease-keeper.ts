import type { Clock } from '@tsflow/core/clock';
import type { Logger } from '@tsflow/core/logger';
import type { SchedulerTable, Store } from '@tsflow/core/store';
import { isProvedDead } from '../../processes/process-table.ts';

export interface LeaseTimes {
  readonly heartbeatMs: number;
  readonly leaseMs: number;
}

/**
 * Keeps this scheduler's beat, and watches the others. Expiry is judged by the observer: a beat that has not changed for `leaseMs` of
 * the observer's own monotonic time. A holder stops granting when two thirds of that have passed since its last confirmed beat, by
 * the larger of wall and monotonic time, so that it has stopped before anybody takes over. Of a scheduler whose process is proved to have
 * ended nobody waits for the lease: it grants nothing any more.
 */
export class LeaseKeeper {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #times: LeaseTimes;
  readonly #schedulerId: string;
  readonly #seen = new Map<string, { beat: number; since: number }>();
  #confirmed: { wall: number; monotonic: number } | null = null;

  constructor(store: Store, clock: Clock, logger: Logger, schedulerId: string, times: LeaseTimes) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#schedulerId = schedulerId;
    this.#times = times;
  }

  /** False: somebody took this scheduler's place; it has to stop. */
  async beat(): Promise<boolean> {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    if (!(await this.#store.leases.beat(this.#schedulerId, wall))) return false;
    this.#confirmed = { wall, monotonic };
    return true;
  }

  get mayGrant(): boolean {
    return this.#sinceConfirmed < (this.#times.leaseMs * 2) / 3;
  }

  /** By the same time as `mayGrant`: after a clock was set ahead a beat is due at once, and grants go on. */
  get beatDue(): boolean {
    return this.#sinceConfirmed >= this.#times.heartbeatMs;
  }

  get #sinceConfirmed(): number {
    if (this.#confirmed === null) return Number.POSITIVE_INFINITY;
    const { wall, monotonic } = this.#confirmed;
    return Math.max(this.#clock.now() - wall, this.#clock.monotonic() - monotonic);
  }

  /** Retires schedulers that are dead, or whose beat stood still for the whole lease; returns how many. */
  async retireExpired(): Promise<number> {
    let retired = 0;
    const living = await this.#store.leases.living();
    for (const other of living) {
      if (other.id === this.#schedulerId) continue;
      const isDead = isProvedDead(other);
      if (!isDead && !this.#isExpired(other)) continue;
      if (await this.#store.leases.retire(other.id, other.beat, this.#clock.now())) {
        const what = isDead ? 'The process of another scheduler ended' : 'Another scheduler stopped beating';
        this.#logger.warn(`${what}; its DAGs are free.`, {
          schedulerId: other.id,
          pid: other.pid,
        });
        this.#seen.delete(other.id);
        retired += 1;
      }
    }
    return retired;
  }

  #isExpired({ id, beat }: SchedulerTable): boolean {
    const seen = this.#seen.get(id);
    const now = this.#clock.monotonic();
    if (seen === undefined || seen.beat !== beat) {
      this.#seen.set(id, { beat, since: now });
      return false;
    }
    return now - seen.since >= this.#times.leaseMs;
  }
}
