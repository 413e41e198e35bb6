import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import type { LeasePort } from './store.ts';
import type { DagTable, NewScheduler, SchedulerTable } from './tables.ts';

/** How often a living scheduler makes room for the events of the coming months. */
const PARTITIONS_EVERY_MS = 24 * 3_600_000;

export class Leases implements LeasePort {
  readonly #dialect: Dialect;
  #partitionsKeptAt = Number.NEGATIVE_INFINITY;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async register(scheduler: NewScheduler): Promise<void> {
    const othersAreDead = await this.#dialect.claimScheduler();
    await this.#dialect.write(async (tx) => {
      if (othersAreDead) {
        await tx
          .updateTable('scheduler')
          .set({ stoppedAt: scheduler.startedAt })
          .where('stoppedAt', 'is', null)
          .execute();
        await tx.updateTable('dag').set({ holder: null }).where('holder', 'is not', null).execute();
      }
      await tx
        .insertInto('scheduler')
        .values({
          ...scheduler,
          turn: 0,
          beat: 0,
          beatAt: scheduler.startedAt,
          stoppedAt: null,
          lastTurnMs: null,
        })
        .execute();
    });
    await this.#keepPartitions();
  }

  async beat(schedulerId: string, now: number): Promise<boolean> {
    const { numUpdatedRows } = await this.#dialect.db
      .updateTable('scheduler')
      .set((of) => ({ beat: of('beat', '+', 1), beatAt: now }))
      .where('id', '=', schedulerId)
      .where('stoppedAt', 'is', null)
      .executeTakeFirstOrThrow();
    await this.#keepPartitions();
    return numUpdatedRows > 0n;
  }

  async living(): Promise<readonly SchedulerTable[]> {
    return this.#dialect.db
      .selectFrom('scheduler')
      .selectAll()
      .where('stoppedAt', 'is', null)
      .orderBy('startedAt')
      .execute();
  }

  async retire(schedulerId: string, beat: number, now: number): Promise<boolean> {
    return this.#dialect.write(async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('scheduler')
        .set({ stoppedAt: now })
        .where('id', '=', schedulerId)
        .where('beat', '=', beat)
        .where('stoppedAt', 'is', null)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows === 0n) return false;
      await tx.updateTable('dag').set({ holder: null }).where('holder', '=', schedulerId).execute();
      return true;
    });
  }

  async acquire(schedulerId: string, limit: number, only?: readonly string[]): Promise<readonly DagTable[]> {
    const dialect = this.#dialect;
    return dialect.write(async (tx) => {
      // Its own row first: a scheduler that is being retired by another must not take what nobody would ever free.
      const alive = await tx
        .selectFrom('scheduler')
        .select('id')
        .where('id', '=', schedulerId)
        .where('stoppedAt', 'is', null)
        .modifyEnd(dialect.forUpdate)
        .executeTakeFirst();
      if (alive === undefined) return [];
      const free = await tx
        .selectFrom('dag')
        .select('dagId')
        .where(
          sql<boolean>`(holder is null or not exists (select 1 from scheduler where scheduler.id = dag.holder and scheduler.stopped_at is null))`,
        )
        .$if(only !== undefined, (query) => query.where(dialect.among('dagId', only ?? [])))
        .orderBy('dagId')
        .limit(limit)
        .modifyEnd(dialect.skipLocked)
        .execute();
      if (free.length === 0) return [];
      const taken = await tx
        .updateTable('dag')
        .set((of) => ({ holder: schedulerId, epoch: of('epoch', '+', 1) }))
        .where(
          dialect.among(
            'dagId',
            free.map(({ dagId }) => dagId),
          ),
        )
        .returningAll()
        .execute();
      return taken.sort((a, b) => (a.dagId < b.dagId ? -1 : 1));
    });
  }

  async release(schedulerId: string, dagIds: readonly string[]): Promise<void> {
    await this.#dialect.db
      .updateTable('dag')
      .set({ holder: null })
      .where('holder', '=', schedulerId)
      .where(this.#dialect.among('dagId', dagIds))
      .execute();
  }

  async #keepPartitions(): Promise<void> {
    const now = performance.now();
    if (now - this.#partitionsKeptAt < PARTITIONS_EVERY_MS) return;
    this.#partitionsKeptAt = now;
    await this.#dialect.keepPartitions(Date.now());
  }
}
