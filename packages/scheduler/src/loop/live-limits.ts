import { ownVariable, readLiveNumber } from '@tsflow/core/config';
import type { Json } from '@tsflow/core/json';
import type { Changes, DagWorkState, InstanceWork, Limits } from '@tsflow/core/rules';
import type { LiveNumber } from '@tsflow/core/serialization';
import type { CounterChange, Store } from '@tsflow/core/store';

/** Slots of `default_pool` when nobody set another number (Airflow's default). */
const DEFAULT_POOL_SLOTS = 128;

/**
 * Every numeric limit at this moment: Variables and pools as last read, slots in use as the last commit left them, and what the
 * current turn has taken and given back so far. A value that is no number keeps the last good one and is named in `problems`.
 */
export class LiveLimits implements Limits {
  readonly #store: Store;
  #variables: ReadonlyMap<string, Json> = new Map();
  #pools: ReadonlyMap<string, number> = new Map();
  #used: ReadonlyMap<string, number> = new Map();
  #turn: Changes | null = null;
  #revision = -1;
  readonly #lastGood = new Map<string, number>();
  readonly problems = new Map<string, string>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads Variables and pools anew when they changed; true when they did. */
  async refresh(): Promise<boolean> {
    const revision = await this.#store.variables.revision();
    if (revision === this.#revision) return false;
    const [variables, pools] = await Promise.all([
      this.#store.variables.list(),
      this.#store.db.selectFrom('pool').select(['name', 'slots']).execute(),
    ]);
    this.#variables = new Map(variables.map((row) => [row.key, JSON.parse(row.value) as Json]));
    this.#pools = new Map(pools.map((pool) => [pool.name, pool.slots]));
    this.#revision = revision;
    return true;
  }

  async loadUse(): Promise<void> {
    this.#used = await this.#store.turns.counters();
  }

  /** The turn whose changes count on top of the committed use. */
  beginTurn(changes: Changes): void {
    this.#turn = changes;
  }

  committed(counters: ReadonlyMap<string, number>): void {
    this.#used = new Map([...this.#used, ...counters]);
    this.#turn = null;
  }

  get parallelism(): number {
    return this.#read('parallelism', ownVariable('parallelism'));
  }

  get used(): number {
    return (this.#used.get('parallelism') ?? 0) + (this.#turn?.parallelism ?? 0);
  }

  get parallelismRoom(): number {
    return this.parallelism - this.used;
  }

  poolRoom(pool: string): number {
    const slots = this.#poolSlots(pool);
    if (slots < 0) return Number.POSITIVE_INFINITY;
    return slots - (this.#used.get(counterOf(pool)) ?? 0) - (this.#turn?.slots.get(pool) ?? 0);
  }

  maxActiveTasks(dag: DagWorkState): number {
    return this.#read(`${dag.dagId}.maxActiveTasks`, dag.graph.dag.maxActiveTasks);
  }

  maxActiveRuns(dag: DagWorkState): number {
    return this.#read(`${dag.dagId}.maxActiveRuns`, dag.graph.dag.maxActiveRuns);
  }

  maxActiveTis(instance: InstanceWork): number {
    const { maxActiveTisPerDag, taskId } = instance.task.spec;
    if (maxActiveTisPerDag === null) return Number.POSITIVE_INFINITY;
    return this.#read(`${instance.run.dag.dagId}.${taskId}.maxActiveTis`, maxActiveTisPerDag);
  }

  /** What the turn moves, for its commit. Pools are counted in slots, parallelism in instances. */
  counterChanges(changes: Changes): CounterChange[] {
    const moves: CounterChange[] = [];
    if (changes.parallelism !== 0) {
      const limit = limitBeyond(this.parallelism, changes.parallelism, changes.owedParallelism);
      moves.push({ name: 'parallelism', delta: changes.parallelism, limit });
    }
    for (const [pool, delta] of changes.slots) {
      if (delta === 0) continue;
      const limit = limitBeyond(this.#poolSlots(pool), delta, changes.owedSlots.get(pool) ?? 0);
      moves.push({ name: counterOf(pool), delta, limit });
    }
    return moves.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #poolSlots(pool: string): number {
    return this.#pools.get(pool) ?? (pool === 'default_pool' ? DEFAULT_POOL_SLOTS : 0);
  }

  #read(name: string, reference: LiveNumber): number {
    if (typeof reference === 'number') return reference;
    const { value, problem } = readLiveNumber(reference, this.#variables, this.#lastGood.get(name));
    if (problem === null) {
      this.#lastGood.set(name, value);
      this.problems.delete(name);
    } else {
      this.problems.set(name, problem);
    }
    return value;
  }
}

/** What is owed is taken beyond the limit; what else the turn takes is not. -1: unlimited. */
function limitBeyond(limit: number, delta: number, owed: number): number {
  if (owed === 0 || limit < 0) return limit;
  return delta > owed ? limit + owed : -1;
}

const counterOf = (pool: string): string => `pool:${pool}`;
