import { sql } from 'kysely';
import { holdsSlot } from '../rules/index.ts';
import type { TaskState } from '../state/index.ts';
import type { Dialect } from './dialect.ts';
import type { DagWork, SavedState, TurnPort } from './store.ts';
import type {
  AssetArrivalTable,
  AttemptTable,
  CallbackTable,
  DagRunTable,
  DagTable,
  GroupTryTable,
  TaskInstanceTable,
} from './tables.ts';
import type { Turn, TurnResult } from './turn.ts';
import { concurrencyCounter, POOL_STATES, poolCounter } from './turn-counters.ts';
import { assertLegalTurn } from './turn-gate.ts';

/** States are written into the SQL, not bound: only so does a partial index apply. */
const QUEUED = sql<boolean>`state = 'queued'`;
const RUNNING = sql<boolean>`state = 'running'`;
const PENDING = sql<boolean>`state = 'pending'`;
const DEFERRED = sql<boolean>`state = 'deferred'`;
const OPEN = sql<boolean>`(state = 'queued' or state = 'running')`;

/** An instance in one of these states has no open attempt, and its last one left nothing to go on from. */
const LEAVING_NOTHING = ['success', 'skipped', 'upstream_failed', 'removed'] satisfies TaskState[];

export class Turns implements TurnPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async commit(turn: Turn): Promise<TurnResult> {
    assertLegalTurn(turn);
    return this.#dialect.commitTurn(turn);
  }

  async load(dagId: string): Promise<DagWork | null> {
    const { db } = this.#dialect;
    const dag = await db.selectFrom('dag').selectAll().where('dagId', '=', dagId).executeTakeFirst();
    if (dag === undefined) return null;
    const [activeRuns, backfills, queuedRunCounts] = await Promise.all([
      this.#activeRuns(dagId),
      db
        .selectFrom('backfill')
        .selectAll()
        .where('dagId', '=', dagId)
        .where('state', 'in', ['running', 'paused'])
        .orderBy('key')
        .execute(),
      this.#queuedRunCounts(dagId),
    ]);
    const taskInstances = await this.taskInstances(activeRuns.map((run) => run.key));
    return {
      dag,
      activeRuns,
      taskInstances,
      groupTries: await this.groupTries(activeRuns.map((run) => run.key)),
      attempts: await this.#newestAttempts(dag),
      callbacks: await this.#pendingCallbacks(dagId),
      assetArrivals: await this.#pendingArrivals(dagId),
      deadlinesMissed: await this.deadlinesMissed(activeRuns.map((run) => run.key)),
      backfills,
      queuedRunCounts,
    };
  }

  queuedRuns(dagId: string, backfillKey: number | null, limit: number): Promise<readonly DagRunTable[]> {
    return this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where(QUEUED)
      .where('backfillKey', backfillKey === null ? 'is' : '=', backfillKey)
      .orderBy('ordinal')
      .limit(limit)
      .execute();
  }

  async taskInstances(runKeys: readonly number[]): Promise<readonly TaskInstanceTable[]> {
    if (runKeys.length === 0) return [];
    return this.#dialect.db
      .selectFrom('taskInstance')
      .selectAll()
      .where(this.#dialect.among('runKey', runKeys))
      .orderBy('key')
      .execute();
  }

  async groupTries(runKeys: readonly number[]): Promise<readonly GroupTryTable[]> {
    if (runKeys.length === 0) return [];
    return this.#dialect.db
      .selectFrom('groupTry')
      .selectAll()
      .where(this.#dialect.among('runKey', runKeys))
      .execute();
  }

  async run(dagId: string, runId: string): Promise<DagRunTable | null> {
    const run = await this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where('runId', '=', runId)
      .executeTakeFirst();
    return run ?? null;
  }

  async runsByKey(keys: readonly number[]): Promise<readonly DagRunTable[]> {
    if (keys.length === 0) return [];
    return this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where(this.#dialect.among('key', keys))
      .orderBy('key')
      .execute();
  }

  async runsBySlot(dagId: string, slots: readonly number[]): Promise<readonly DagRunTable[]> {
    if (slots.length === 0) return [];
    return this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where('slot', 'is not', null)
      .where(this.#dialect.among('slot', slots))
      .orderBy('slot')
      .execute();
  }

  async previousRun(dagId: string, slot: number): Promise<DagRunTable | null> {
    const run = await this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where('slot', 'is not', null)
      .where('slot', '<', slot)
      .orderBy('slot', 'desc')
      .limit(1)
      .executeTakeFirst();
    return run ?? null;
  }

  async newestAttempts(runKey: number): Promise<readonly AttemptTable[]> {
    return this.#dialect.db
      .selectFrom('attempt')
      .selectAll()
      .where('attemptId', 'in', (of) =>
        of
          .selectFrom('taskInstance')
          .select('attemptId')
          .where('runKey', '=', runKey)
          .where('attemptId', 'is not', null)
          .where('state', 'not in', LEAVING_NOTHING),
      )
      .execute();
  }

  async attempt(attemptId: number): Promise<AttemptTable | null> {
    const attempt = await this.#dialect.db
      .selectFrom('attempt')
      .selectAll()
      .where('attemptId', '=', attemptId)
      .executeTakeFirst();
    return attempt ?? null;
  }

  async saveState({ dagId, epoch, attemptId, grantNumber, savedState }: SavedState): Promise<boolean> {
    const dialect = this.#dialect;
    return dialect.write(async (tx) => {
      // Locked as by a turn: who takes the DAG over reads its attempts after this, or this finds another epoch.
      const held = await tx
        .selectFrom('dag')
        .select('dagId')
        .where('dagId', '=', dagId)
        .where('epoch', '=', epoch)
        .modifyEnd(dialect.forUpdate)
        .executeTakeFirst();
      if (held === undefined) return false;
      const { numUpdatedRows } = await tx
        .updateTable('attempt')
        // Nothing is written as null in JSON: a turn leaves the column as it is where it has nothing to say.
        .set({ savedState: JSON.stringify(savedState) })
        .where('attemptId', '=', attemptId)
        .where('grantNumber', '=', grantNumber)
        .where('endDate', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    });
  }

  waitsForDag(dagId: string): Promise<readonly AttemptTable[]> {
    return this.#dialect.db
      .selectFrom('attempt')
      .selectAll()
      .where(DEFERRED)
      .where('waitsForDag', '=', dagId)
      .execute();
  }

  async newestRunBetween(dagId: string, from: number, to: number): Promise<DagRunTable | null> {
    const run = await this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where('logicalDate', '>=', from)
      .where('logicalDate', '<=', to)
      .orderBy('logicalDate', 'desc')
      .orderBy('key', 'desc')
      .limit(1)
      .executeTakeFirst();
    return run ?? null;
  }

  async newestSuccessBefore(dagId: string, logicalDate: number): Promise<DagRunTable | null> {
    const run = await this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where('logicalDate', '<', logicalDate)
      .where('state', '=', 'success')
      .orderBy('logicalDate', 'desc')
      .orderBy('key', 'desc')
      .limit(1)
      .executeTakeFirst();
    return run ?? null;
  }

  async xcoms(taskInstanceKeys: readonly number[], key: string): Promise<ReadonlyMap<number, string>> {
    if (taskInstanceKeys.length === 0) return new Map();
    const rows = await this.#dialect.db
      .selectFrom('taskInstance')
      .innerJoin('xcom', 'xcom.attemptId', 'taskInstance.attemptId')
      .select(['taskInstance.key as taskInstanceKey', 'xcom.value'])
      .where(this.#dialect.among('taskInstance.key', taskInstanceKeys))
      .where('xcom.key', '=', key)
      .execute();
    return new Map(rows.map((row) => [row.taskInstanceKey, row.value]));
  }

  async counters(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.#dialect.db.selectFrom('counter').selectAll().execute();
    return new Map(rows.map((row) => [row.name, row.used]));
  }

  async auditCounters(): Promise<readonly { name: string; recorded: number; actual: number }[]> {
    const dialect = this.#dialect;
    return dialect.write(async (tx) => {
      // Locked first: a turn that moves a counter moves its task in the same transaction, so the two are seen together.
      await dialect.oneAtATime(tx, 'counters');
      const recorded = await tx
        .selectFrom('counter')
        .selectAll()
        .orderBy('name')
        .modifyEnd(dialect.forUpdate)
        .execute();
      // Through the open runs: a join lets SQLite choose to read every task instance there ever was.
      const pools = await tx
        .selectFrom('taskInstance')
        .select((of) => [
          'state',
          'pool',
          'concurrencyKey',
          of.fn.countAll<number>().as('instances'),
          of.fn.sum<number>('poolSlots').as('slots'),
        ])
        .where('runKey', 'in', (of) => of.selectFrom('dagRun').select('key').where(OPEN))
        .where('state', 'in', POOL_STATES)
        .groupBy(['state', 'pool', 'concurrencyKey'])
        .execute();
      const actual = new Map(recorded.map(({ name }): [string, number] => [name, 0]));
      const add = (name: string, by: number) => actual.set(name, (actual.get(name) ?? 0) + by);
      add('parallelism', 0);
      for (const { state, pool, concurrencyKey, instances, slots } of pools) {
        add(poolCounter(pool, true), Number(slots));
        if (!holdsSlot(state as TaskState)) continue;
        add('parallelism', Number(instances));
        add(poolCounter(pool, false), Number(slots));
        if (concurrencyKey !== null) add(concurrencyCounter(concurrencyKey), Number(instances));
      }
      const known = new Map(recorded.map(({ name, used }) => [name, used]));
      const wrong = [...actual]
        .map(([name, used]) => ({ name, recorded: known.get(name) ?? 0, actual: used }))
        .filter((counter) => counter.recorded !== counter.actual);
      for (const { name, actual: used } of wrong) {
        await tx
          .insertInto('counter')
          .values({ name, used })
          .onConflict((on) => on.column('name').doUpdateSet({ used }))
          .execute();
      }
      return wrong;
    });
  }

  /** Sorted here: asked to sort, SQLite would walk the whole history of the DAG by key instead of the index of open runs. */
  async #activeRuns(dagId: string): Promise<readonly DagRunTable[]> {
    const runs = await this.#dialect.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .where(RUNNING)
      .execute();
    return runs.sort((a, b) => a.key - b.key);
  }

  async #queuedRunCounts(dagId: string): Promise<ReadonlyMap<number | null, number>> {
    const rows = await this.#dialect.db
      .selectFrom('dagRun')
      .select((of) => ['backfillKey', of.fn.countAll<number>().as('runs')])
      .where('dagId', '=', dagId)
      .where(QUEUED)
      .groupBy('backfillKey')
      .execute();
    return new Map(rows.map((row) => [row.backfillKey, Number(row.runs)]));
  }

  #pendingArrivals(dagId: string): Promise<readonly AssetArrivalTable[]> {
    return this.#dialect.db
      .selectFrom('assetArrival')
      .selectAll()
      .where('dagId', '=', dagId)
      .where(PENDING)
      .orderBy('eventId')
      .execute();
  }

  #pendingCallbacks(dagId: string): Promise<readonly CallbackTable[]> {
    return this.#dialect.db
      .selectFrom('callback')
      .selectAll()
      .where('dagId', '=', dagId)
      .where(PENDING)
      .orderBy('key')
      .execute();
  }

  async deadlinesMissed(runKeys: readonly number[]): Promise<readonly { runKey: number; name: string }[]> {
    if (runKeys.length === 0) return [];
    return this.#dialect.db
      .selectFrom('deadlineMiss')
      .select(['runKey', 'name'])
      .where(this.#dialect.among('runKey', runKeys))
      .execute();
  }

  /**
   * The newest attempt of each instance that is active or may go on from what it left. Found through the runs that are not finished: a
   * run ends after everything in it has. Queued ones too: they may be cleared ones.
   */
  #newestAttempts(dag: DagTable): Promise<readonly AttemptTable[]> {
    return this.#dialect.db
      .selectFrom('attempt')
      .selectAll()
      .where('attemptId', 'in', (of) =>
        of
          .selectFrom('taskInstance')
          .select('attemptId')
          .where('attemptId', 'is not', null)
          .where('state', 'not in', LEAVING_NOTHING)
          .where('runKey', 'in', (of) =>
            of.selectFrom('dagRun').select('key').where('dagId', '=', dag.dagId).where(OPEN),
          ),
      )
      .orderBy('attemptId')
      .execute();
  }
}
