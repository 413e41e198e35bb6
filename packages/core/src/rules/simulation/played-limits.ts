import type { LiveNumber } from '../../serialization/index.ts';
import type { Limits } from '../queue/ready-queue.ts';
import type { Changes } from '../work/changes.ts';
import type { DagWorkState, InstanceWork } from '../work/work.ts';

/** The limits that hold at an instant: daily plans change with it. Slots below 0: unlimited. */
export interface SimulatedLimits {
  parallelism(now: number): number;
  poolSlots(pool: string, now: number): number;
  /** Whether what is deferred keeps its slots of the pool. */
  countsDeferred(pool: string): boolean;
  read(limit: LiveNumber, now: number): number;
}

/** Slots of parallelism in use from an instant on, and those that were wanted besides. */
export interface SlotUse {
  readonly at: number;
  readonly used: number;
  readonly waiting: number;
}

/** What is in use of the limits of a simulation: what the turns before took, and what the one that is played takes. */
export class PlayedLimits implements Limits {
  readonly #limits: SimulatedLimits;
  readonly #uses: SlotUse[] = [];
  readonly #poolUse = new Map<string, number>();
  readonly #poolPeak = new Map<string, number>();
  readonly #keyUse = new Map<string, number>();
  #used = 0;
  #turn: Changes;

  /** @param turn what changes in the turn that is played */
  constructor(limits: SimulatedLimits, turn: Changes) {
    this.#limits = limits;
    this.#turn = turn;
  }

  /** Use of parallelism, turn by turn. */
  get uses(): readonly SlotUse[] {
    return this.#uses;
  }

  /** Most slots in use at once, by pool. */
  get poolPeaks(): ReadonlyMap<string, number> {
    return this.#poolPeak;
  }

  /** Another turn begins. */
  begin(turn: Changes): void {
    this.#turn = turn;
  }

  /** Books what the turn took and gave back. `waiting`: how many instances want a slot and have none. */
  book(waiting: number): void {
    this.#used += this.#turn.parallelism;
    const moved = this.movedSlots();
    addTo(this.#poolUse, moved);
    addTo(this.#keyUse, this.#turn.keys);
    for (const pool of moved.keys()) {
      this.#poolPeak.set(pool, Math.max(this.#poolPeak.get(pool) ?? 0, this.#poolUse.get(pool)!));
    }
    this.#uses.push({ at: this.#turn.now, used: this.#used, waiting });
  }

  /** How the use of each pool changed in this turn, as that pool counts. */
  movedSlots(): ReadonlyMap<string, number> {
    const moved = new Map<string, number>();
    for (const changed of [this.#turn.slots, this.#turn.slotsWithDeferred])
      for (const [pool, delta] of changed) if (this.#slotsOf(pool) === changed) moved.set(pool, delta);
    return moved;
  }

  /** The value of a limit at this instant. */
  read(limit: LiveNumber): number {
    return this.#limits.read(limit, this.#turn.now);
  }

  get parallelismRoom(): number {
    return this.#limits.parallelism(this.#turn.now) - this.#used - this.#turn.parallelism;
  }

  poolRoom(pool: string): number {
    const slots = this.#limits.poolSlots(pool, this.#turn.now);
    if (slots < 0) return Number.POSITIVE_INFINITY;
    return slots - (this.#poolUse.get(pool) ?? 0) - (this.#slotsOf(pool).get(pool) ?? 0);
  }

  maxActiveTasks(dag: DagWorkState): number {
    return this.read(dag.graph.dag.maxActiveTasks);
  }

  maxActiveTis({ task }: InstanceWork): number {
    const limit = task.spec.maxActiveTisPerDag;
    return limit === null ? Number.POSITIVE_INFINITY : this.read(limit);
  }

  runLimit(_instance: InstanceWork, { limit }: { readonly limit: LiveNumber }): number {
    return this.read(limit);
  }

  keyRoom({ task }: InstanceWork): number {
    const { concurrency } = task.spec;
    if (concurrency === undefined) return Number.POSITIVE_INFINITY;
    const used = (this.#keyUse.get(concurrency.key) ?? 0) + (this.#turn.keys.get(concurrency.key) ?? 0);
    return this.read(concurrency.limit) - used;
  }

  #slotsOf(pool: string): ReadonlyMap<string, number> {
    return this.#limits.countsDeferred(pool) ? this.#turn.slotsWithDeferred : this.#turn.slots;
  }
}

function addTo(totals: Map<string, number>, changes: ReadonlyMap<string, number>): void {
  for (const [name, delta] of changes) totals.set(name, (totals.get(name) ?? 0) + delta);
}
