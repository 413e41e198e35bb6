import { NotFoundError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Store } from '../store.ts';
import type { BackfillTable } from '../tables.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { storedJson } from './stored-json.ts';

/** A backfill with its progress. Instants are milliseconds UTC. */
export interface Backfill {
  readonly key: number;
  readonly dagId: string;
  /** First and last logical date, inclusive. */
  /** Of the DAG: the days are meant in it. */
  readonly timezone: string;
  readonly fromDate: number;
  readonly toDate: number;
  readonly options: JsonObject;
  /** `running`, `paused`, `success`, `failed`, `cancelled`. */
  readonly state: string;
  readonly actor: string;
  readonly createdAt: number;
  readonly endDate: number | null;
  readonly total: number;
  readonly created: number;
  readonly existing: number;
  readonly inFlight: number;
  readonly cleared: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Runs of it that are queued or running. */
  readonly running: number;
}

/** Backfills, newest first. */
export async function listBackfills(
  store: Store,
  args: PageArgs & { readonly dagId?: string | undefined } = {},
): Promise<Page<Backfill>> {
  const limit = pageLimit(args);
  const after = decodeCursor(args.cursor, ['number']);
  let query = store.db.selectFrom('backfill').selectAll();
  if (args.dagId !== undefined) query = query.where('dagId', '=', args.dagId);
  if (after !== null) query = query.where('key', '<', after[0]);
  const rows = await query
    .orderBy('key', 'desc')
    .limit(limit + 1)
    .execute();
  const zones = await zonesOf(store, rows);
  return pageOf(
    rows,
    limit,
    (row) => [row.key],
    (row) => backfill(row, zones),
  );
}

/** One backfill. Throws {@link NotFoundError}. */
export async function getBackfill(store: Store, args: { readonly key: number }): Promise<Backfill> {
  const row = await store.db
    .selectFrom('backfill')
    .selectAll()
    .where('key', '=', args.key)
    .executeTakeFirst();
  if (row === undefined) throw new NotFoundError('backfill', String(args.key));
  return backfill(row, await zonesOf(store, [row]));
}

function backfill(
  { cursor: _, options, ...row }: BackfillTable,
  zones: ReadonlyMap<string, string>,
): Backfill {
  return {
    ...row,
    timezone: zones.get(row.dagId) ?? 'UTC',
    options: storedJson<JsonObject>(options) ?? {},
    running: Math.max(0, row.created + row.cleared - row.succeeded - row.failed),
  };
}

/** The zones of DAGs, in which the days of their backfills are meant. */
async function zonesOf(
  store: Store,
  rows: readonly { readonly dagId: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (rows.length === 0) return new Map();
  const dags = await store.db
    .selectFrom('dag')
    .select(['dagId', 'timezone'])
    .where('dagId', 'in', [...new Set(rows.map(({ dagId }) => dagId))])
    .execute();
  return new Map(dags.map(({ dagId, timezone }) => [dagId, timezone]));
}
