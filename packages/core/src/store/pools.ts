import { type SqlBool, sql, type Transaction } from 'kysely';
import {
  limitOf,
  nextLiveNumber,
  readLiveNumber,
  settledLimit,
  type VariableValues,
  type WrittenLimit,
  writtenLimit,
} from '../config/index.ts';
import { ConflictError, InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { LiveNumber } from '../serialization/index.ts';
import type { Announcement, Dialect } from './dialect.ts';
import type { PoolPort, PoolUse } from './store.ts';
import type { PoolTable, Tables } from './tables.ts';
import { poolCounter } from './turn-counters.ts';

/** The pool of tasks that name none. It always exists. */
export const DEFAULT_POOL = 'default_pool';
/** Its slots when nobody set another number (Airflow's default). */
const DEFAULT_POOL_SLOTS = 128;

const CHANGED: Announcement = { channel: 'tsflow_wake', payload: 'variables' };
const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.\-:]{0,249}$/u;

/** Slots of a pool, -1 for an unlimited one; null when nobody made it: its tasks wait and say so. */
export function poolSlots(pool: string, known: ReadonlyMap<string, LiveNumber>): LiveNumber | null {
  return known.get(pool) ?? (pool === DEFAULT_POOL ? DEFAULT_POOL_SLOTS : null);
}

/** What the slots of a pool are, or follow. */
export function poolLimit({ slots, live }: Pick<PoolTable, 'slots' | 'live'>): LiveNumber {
  return live === null ? slots : (JSON.parse(live) as LiveNumber);
}

export class Pools implements PoolPort {
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  async list(now: number): Promise<readonly PoolUse[]> {
    const { db } = this.#dialect;
    const [rows, counters, waiting, values] = await Promise.all([
      db.selectFrom('pool').selectAll().orderBy('name').execute(),
      db.selectFrom('counter').selectAll().where('name', 'like', 'pool%:%').execute(),
      db
        .selectFrom('taskInstance')
        .select((of) => ['pool', of.fn.sum<number>('poolSlots').as('slots')])
        .where('runKey', 'in', (of) =>
          of
            .selectFrom('dagRun as open')
            .select('open.key')
            // As the partial index of open runs says it: parameters would prove nothing to the planner.
            .where(sql<SqlBool>`(open.state = 'queued' or open.state = 'running')`),
        )
        .where('state', '=', 'scheduled')
        .groupBy('pool')
        .execute(),
      db.selectFrom('variable').select(['key', 'value']).execute(),
    ]);
    const variables = new Map(values.map(({ key, value }) => [key, JSON.parse(value) as Json]));
    const used = new Map(counters.map((row) => [row.name, row.used]));
    const scheduled = new Map(waiting.map((row) => [row.pool, Number(row.slots)]));
    const hasDefault = rows.some(({ name }) => name === DEFAULT_POOL);
    return [...(hasDefault ? [] : [defaultPool]), ...rows].map((pool) => ({
      name: pool.name,
      ...slotsNow(poolLimit(pool), variables, now),
      description: pool.description,
      includeDeferred: pool.includeDeferred === 1,
      used: used.get(poolCounter(pool.name, pool.includeDeferred === 1)) ?? 0,
      waiting: scheduled.get(pool.name) ?? 0,
    }));
  }

  async set(pool: Parameters<PoolPort['set']>[0]): Promise<void> {
    const { name, slots, actor, at } = pool;
    if (!NAME.test(name)) {
      throw new InvalidInputError(
        `pool: expected a name of 1 to 250 letters, digits, "_", ".", "-" or ":", got ${JSON.stringify(name)}.`,
      );
    }
    const limit = limitOf(slots, `slots of pool ${name}`, -1);
    await this.#dialect.write(async (tx) => {
      const before = await tx.selectFrom('pool').selectAll().where('name', '=', name).executeTakeFirst();
      const columns = {
        slots: settledLimit(limit),
        live: typeof limit === 'number' ? null : JSON.stringify(limit),
        description: pool.description === undefined ? (before?.description ?? null) : pool.description,
        includeDeferred:
          pool.includeDeferred === undefined ? (before?.includeDeferred ?? 0) : Number(pool.includeDeferred),
      };
      await tx
        .insertInto('pool')
        .values({ name, ...columns })
        .onConflict((on) => on.column('name').doUpdateSet(columns))
        .execute();
      const from = before === undefined ? null : writtenLimit(poolLimit(before));
      await noteChange(tx, { name, from, to: slots }, actor, at);
    }, CHANGED);
  }

  async delete(name: string, actor: string, at: number): Promise<boolean> {
    if (name === DEFAULT_POOL) {
      throw new ConflictError(
        `${DEFAULT_POOL} cannot be deleted: it is the pool of tasks that name none. Set its slots instead.`,
      );
    }
    return this.#dialect.write(async (tx) => {
      const before = await tx
        .selectFrom('pool')
        .select(['slots', 'live'])
        .where('name', '=', name)
        .executeTakeFirst();
      if (before === undefined) return false;
      await tx.deleteFrom('pool').where('name', '=', name).execute();
      await noteChange(tx, { name, from: writtenLimit(poolLimit(before)), to: null }, actor, at);
      return true;
    }, CHANGED);
  }
}

function slotsNow(
  limit: LiveNumber,
  variables: VariableValues,
  now: number,
): Pick<PoolUse, 'slots' | 'limit' | 'next' | 'problem'> {
  const { value, problem } = readLiveNumber(limit, variables, now);
  const next = nextLiveNumber(limit, variables, now);
  return {
    slots: value,
    limit: writtenLimit(limit),
    next: next && { at: next.at, slots: next.value },
    problem,
  };
}

const defaultPool: PoolTable = {
  name: DEFAULT_POOL,
  slots: DEFAULT_POOL_SLOTS,
  description: 'Tasks that name no pool.',
  includeDeferred: 0,
  live: null,
};

/** Limits are read when the revision grows, and who changed one is in the audit log. */
async function noteChange(
  tx: Transaction<Tables>,
  change: { readonly name: string; readonly from: WrittenLimit | null; readonly to: WrittenLimit | null },
  actor: string,
  at: number,
): Promise<void> {
  await tx
    .updateTable('sequence')
    .set((of) => ({ next: of('next', '+', 1) }))
    .where('name', '=', 'variable_revision')
    .execute();
  await sql`insert into event (at, type, actor, data) values (${at}, 'pool_changed', ${actor}, ${JSON.stringify(change)})`.execute(
    tx,
  );
}
