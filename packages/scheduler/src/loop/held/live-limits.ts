import type { Clock } from '@tsflow/core/clock';
import { ownVariable, readLiveNumber } from '@tsflow/core/config';
import type { Changes, DagWorkState, InstanceWork, Limits, RunLimit } from '@tsflow/core/rules';
import type { LiveNumber } from '@tsflow/core/serialization';
import {
  type CounterChange,
  concurrencyCounter,
  poolCounter,
  poolLimit,
  poolSlots,
  type Store,
} from '@tsflow/core/store';
import { LiveVariables } from './live-variables.ts';

/**
 * Every numeric limit at this moment: Variables and pools as last read, slots in use as the last commit left them, and what the
 * current turn has taken and given back so far. A value that is no number keeps the last good one and is named in `newProblems`.
 */
export class LiveLimits implements Limits {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #variables = new LiveVariables();
  #pools: ReadonlyMap<string, LiveNumber> = new Map();
  /** The rows of pools as last read. */
  #poolsText = '';
  /** Pools that count deferred tasks too. */
  #withDeferred: ReadonlySet<string> = new Set();
  #used = new Map<string, number>();
  #turn: Changes | null = null;
  #revision = -1;
  /** When the first daily plan that was read says something else. */
  #plansUntil = Number.POSITIVE_INFINITY;
  /** What this turn holds each concurrency key against: the most that one of its tasks allows. */
  readonly #keyLimits = new Map<string, number>();
  readonly #lastGood = new Map<string, number>();
  /** What was wrong with each limit when it was read last. */
  readonly #problems = new Map<string, string>();
  readonly #untold = new Set<string>();
  /** What is known to wait for a pool that is too small for it, as the limits are now. */
  readonly #tooLarge = new Set<string>();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Reads Variables and pools anew when some changed; true when a value that a limit has read did, or a pool, or when a daily plan says
   * something else by now.
   */
  async refresh(): Promise<boolean> {
    const isAnother = await this.#readAnew();
    const hasStepped = this.#clock.now() >= this.#plansUntil;
    if (!isAnother && !hasStepped) return false;
    this.#plansUntil = Number.POSITIVE_INFINITY;
    this.#tooLarge.clear();
    return true;
  }

  async #readAnew(): Promise<boolean> {
    const revision = await this.#store.variables.revision();
    if (revision === this.#revision) return false;
    const [variables, pools] = await Promise.all([
      this.#store.variables.list(),
      this.#store.db
        .selectFrom('pool')
        .select(['name', 'slots', 'live', 'includeDeferred'])
        .orderBy('name')
        .execute(),
    ]);
    this.#revision = revision;
    const isAnother = this.#variables.learn(variables);
    const poolsText = JSON.stringify(pools);
    if (poolsText === this.#poolsText) return isAnother;
    this.#poolsText = poolsText;
    this.#pools = new Map(pools.map((pool) => [pool.name, poolLimit(pool)]));
    this.#withDeferred = new Set(
      pools.flatMap(({ name, includeDeferred }) => (includeDeferred ? [name] : [])),
    );
    return true;
  }

  /** When a daily plan that counts for something says another number (ms since 1970); Infinity: none does by itself. */
  get nextStep(): number {
    return this.#plansUntil;
  }

  /** Reads what is in use, other schedulers included; true when something is less than it was known to be. */
  async loadUse(): Promise<boolean> {
    const before = this.#used;
    this.#used = new Map(await this.#store.turns.counters());
    return [...before].some(([name, used]) => (this.#used.get(name) ?? 0) < used);
  }

  /** The turn whose changes count on top of the committed use. */
  beginTurn(changes: Changes): void {
    this.#turn = changes;
    this.#keyLimits.clear();
  }

  committed(counters: ReadonlyMap<string, number>): void {
    for (const [name, used] of counters) this.#used.set(name, used);
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
    const withDeferred = this.#withDeferred.has(pool);
    const moved = withDeferred ? this.#turn?.slotsWithDeferred : this.#turn?.slots;
    return slots - (this.#used.get(poolCounter(pool, withDeferred)) ?? 0) - (moved?.get(pool) ?? 0);
  }

  maxActiveTasks(dag: DagWorkState): number {
    return this.#read(`${dag.dagId}.maxActiveTasks`, dag.graph.dag.maxActiveTasks);
  }

  /** Runs of a backfill count against the backfill's own maximum. */
  maxActiveRuns(dag: DagWorkState, backfillKey: number | null): number {
    const backfill = backfillKey === null ? undefined : dag.backfills.get(backfillKey);
    if (backfill !== undefined)
      return this.#read(backfillLimit(dag, backfill.key), backfill.options.maxActiveRuns);
    return this.#read(`${dag.dagId}.maxActiveRuns`, dag.graph.dag.maxActiveRuns);
  }

  /** A backfill is over: its maximum of runs is not asked for again. */
  forgetBackfill(dag: DagWorkState, backfillKey: number): void {
    this.#lastGood.delete(backfillLimit(dag, backfillKey));
    this.#problems.delete(backfillLimit(dag, backfillKey));
  }

  maxActiveTis(instance: InstanceWork): number {
    const { maxActiveTisPerDag, taskId } = instance.task.spec;
    if (maxActiveTisPerDag === null) return Number.POSITIVE_INFINITY;
    return this.#read(`${instance.run.dag.dagId}.${taskId}.maxActiveTis`, maxActiveTisPerDag);
  }

  runLimit({ run }: InstanceWork, { name, limit }: RunLimit): number {
    return this.#read(`${run.dag.dagId}.${name}`, limit);
  }

  keyRoom({ run, task }: InstanceWork): number {
    const { concurrency, taskId } = task.spec;
    if (concurrency === undefined) return Number.POSITIVE_INFINITY;
    const { key } = concurrency;
    const limit = this.#read(`${run.dag.dagId}.${taskId}.concurrencyKey`, concurrency.limit);
    this.#keyLimits.set(key, Math.max(limit, this.#keyLimits.get(key) ?? 0));
    return limit - (this.#used.get(concurrencyCounter(key)) ?? 0) - (this.#turn?.keys.get(key) ?? 0);
  }

  /** What has become wrong since it was asked last, in words: each is told once. */
  newProblems(): readonly string[] {
    const problems = [...this.#untold];
    this.#untold.clear();
    return problems;
  }

  /** What the turn moves, for its commit. Pools are counted in slots, parallelism in instances. */
  counterChanges(changes: Changes): CounterChange[] {
    const moves: CounterChange[] = [];
    if (changes.parallelism !== 0) {
      const limit = limitBeyond(this.parallelism, changes.parallelism, changes.owedParallelism);
      moves.push({ name: 'parallelism', delta: changes.parallelism, limit });
    }
    // Both counters of a pool move, so that it may begin or cease to count deferred tasks at any time; one of them is held against its slots.
    for (const [withDeferred, moved] of [
      [false, changes.slots],
      [true, changes.slotsWithDeferred],
    ] as const) {
      for (const [pool, delta] of moved) {
        if (delta === 0) continue;
        const isMeant = this.#withDeferred.has(pool) === withDeferred;
        const slots = isMeant ? this.#poolSlots(pool) : -1;
        const owed =
          (changes.owedSlots.get(pool) ?? 0) + (withDeferred ? (changes.owedDeferred.get(pool) ?? 0) : 0);
        const limit = limitBeyond(slots, delta, owed);
        moves.push({ name: poolCounter(pool, withDeferred), delta, limit });
      }
    }
    for (const [key, delta] of changes.keys) {
      // One that nothing was admitted under gives places back only, which no limit forbids.
      const limit = limitBeyond(this.#keyLimits.get(key) ?? -1, delta, changes.owedKeys.get(key) ?? 0);
      if (delta !== 0) moves.push({ name: concurrencyCounter(key), delta, limit });
    }
    return moves.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Has `newProblems` tell, once until a limit changes, of what waits for a pool that can never let it in as it is. */
  noteIfTooLarge(instance: InstanceWork): void {
    const problem = this.#tooLargeForPool(instance);
    if (problem === null || this.#tooLarge.has(problem)) return;
    this.#tooLarge.add(problem);
    this.#untold.add(problem);
  }

  /** In words, why an instance can never get its slots as its pool is now; null: it can. */
  #tooLargeForPool({ run, task }: InstanceWork): string | null {
    const { pool, poolSlots: wanted, taskId } = task.spec;
    const slots = this.#slotsOf(pool);
    if (slots !== null && (slots < 0 || wanted <= slots)) return null;
    const what = slots === null ? `there is no pool ${pool}` : `pool ${pool} has only ${slots} slots in all`;
    return `Task ${taskId} of ${run.dag.dagId} wants ${wanted} and ${what}: it waits for the pool to grow.`;
  }

  #poolSlots(pool: string): number {
    return this.#slotsOf(pool) ?? 0;
  }

  #slotsOf(pool: string): number | null {
    const limit = poolSlots(pool, this.#pools);
    return limit === null ? null : this.#read(`pool:${pool}`, limit);
  }

  #read(name: string, reference: LiveNumber): number {
    if (typeof reference === 'number') return reference;
    const now = this.#clock.now();
    const { value, problem, until } = readLiveNumber(
      reference,
      this.#variables,
      now,
      this.#lastGood.get(name),
    );
    this.#plansUntil = Math.min(this.#plansUntil, until);
    if (problem === null) {
      this.#lastGood.set(name, value);
      this.#problems.delete(name);
    } else {
      // Many limits may be one Variable.
      if (![...this.#problems.values()].includes(problem)) this.#untold.add(problem);
      this.#problems.set(name, problem);
    }
    return value;
  }
}

const backfillLimit = ({ dagId }: DagWorkState, key: number): string => `${dagId}.backfill.${key}`;

/** What is owed is taken beyond the limit; what else the turn takes is not. -1: unlimited. */
function limitBeyond(limit: number, delta: number, owed: number): number {
  if (owed === 0 || limit < 0) return limit;
  return delta > owed ? limit + owed : -1;
}
