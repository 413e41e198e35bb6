import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely';
import { NotFoundError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { RunState, RunType, TaskState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable, Tables } from '../tables.ts';
import { versionNumbers } from './dag.ts';
import { dagRow } from './dag-row.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { storedJson } from './stored-json.ts';

/** A run as people see it. Instants are milliseconds UTC. */
export interface RunSummary {
  readonly key: number;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly state: RunState;
  readonly logicalDate: number;
  readonly dataInterval: { readonly start: number; readonly end: number };
  readonly queuedAt: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly version: string;
  readonly versionNumber: number | null;
  readonly conf: JsonObject;
  readonly triggeredBy: string | null;
  readonly note: string | null;
  readonly reason: string | null;
  readonly backfillKey: number | null;
  /** Tasks that it is about; null: all of its DAG. */
  readonly taskIds: readonly string[] | null;
  /** Task instances by state; states that none has are left out. Empty while the run is queued. */
  readonly taskCounts: Readonly<Partial<Record<TaskState, number>>>;
}

export interface ListRunsArgs extends PageArgs {
  readonly dagId?: string | undefined;
  readonly state?: RunState | undefined;
  readonly runType?: RunType | undefined;
  readonly backfillKey?: number | undefined;
  /** Logical dates from here (inclusive), in ms. */
  readonly from?: number | undefined;
  /** Logical dates up to here (inclusive), in ms. */
  readonly to?: number | undefined;
}

/**
 * Runs, newest first: of one DAG by logical date, of all DAGs by the instant at which they were queued. Both follow an index, and so
 * do the few active runs when only those are asked for; any other filter reads on until the page is full.
 */
export async function listRuns(store: Store, args: ListRunsArgs = {}): Promise<Page<RunSummary>> {
  const limit = pageLimit(args);
  const after = decodeCursor(args.cursor, ['number', 'number']);
  const newest = args.dagId === undefined ? 'queuedAt' : 'logicalDate';
  let query = narrowed(store.db.selectFrom('dagRun').selectAll(), args);
  if (after !== null) {
    const [instant, key] = after;
    query = query
      // Implied by the next condition; said so that the index is entered at the cursor.
      .where(newest, '<=', instant)
      .where((eb) => eb.or([eb(newest, '<', instant), eb('key', '<', key)]));
  }
  const rows = await query
    .orderBy(newest, 'desc')
    .orderBy('key', 'desc')
    .limit(limit + 1)
    .execute();
  const summaries = await summarize(store, rows.slice(0, limit));
  return pageOf(
    rows.map((row, i) => ({ row, summary: summaries[i]! })),
    limit,
    ({ row }) => [row[newest], row.key],
    ({ summary }) => summary,
  );
}

/** Which run: its DAG and the id people know. */
export interface RunArgs {
  readonly dagId: string;
  readonly runId: string;
}

/** One run. Throws {@link NotFoundError}. */
export async function getRun(store: Store, args: RunArgs): Promise<RunSummary> {
  const [summary] = await summarize(store, [await runRow(store, args)]);
  return summary!;
}

/** The row of a run. Throws {@link NotFoundError}: of the DAG when there is none. */
export async function runRow(store: Store, { dagId, runId }: RunArgs): Promise<DagRunTable> {
  const row = await store.db
    .selectFrom('dagRun')
    .selectAll()
    .where('dagId', '=', dagId)
    .where('runId', '=', runId)
    .executeTakeFirst();
  if (row !== undefined) return row;
  await dagRow(store, dagId);
  throw new NotFoundError('run', runId, `Looked in DAG "${dagId}".`);
}

function narrowed<O>(
  query: SelectQueryBuilder<Tables, 'dagRun', O>,
  args: ListRunsArgs,
): SelectQueryBuilder<Tables, 'dagRun', O> {
  let narrower = query;
  if (args.dagId !== undefined) narrower = narrower.where('dagId', '=', args.dagId);
  if (args.state === 'queued' || args.state === 'running') {
    // Through the partial index of open runs, which a literal state proves to be enough.
    narrower = narrower.where('key', 'in', (eb) =>
      eb
        .selectFrom('dagRun as open')
        .select('open.key')
        .where(sql<SqlBool>`open.state = ${sql.lit(args.state)}`),
    );
  } else if (args.state !== undefined) {
    narrower = narrower.where('state', '=', args.state);
  }
  if (args.runType !== undefined) narrower = narrower.where('runType', '=', args.runType);
  if (args.backfillKey !== undefined) narrower = narrower.where('backfillKey', '=', args.backfillKey);
  if (args.from !== undefined) narrower = narrower.where('logicalDate', '>=', args.from);
  if (args.to !== undefined) narrower = narrower.where('logicalDate', '<=', args.to);
  return narrower;
}

async function summarize(store: Store, rows: readonly DagRunTable[]): Promise<RunSummary[]> {
  if (rows.length === 0) return [];
  const [numbers, counts] = await Promise.all([
    versionNumbers(
      store,
      rows.map((row) => row.version),
    ),
    taskCounts(
      store,
      rows.map((row) => row.key),
    ),
  ]);
  return rows.map((row) => ({
    key: row.key,
    dagId: row.dagId,
    runId: row.runId,
    runType: row.runType as RunType,
    state: row.state as RunState,
    logicalDate: row.logicalDate,
    dataInterval: { start: row.dataIntervalStart, end: row.dataIntervalEnd },
    queuedAt: row.queuedAt,
    startDate: row.startDate,
    endDate: row.endDate,
    version: row.version,
    versionNumber: numbers.get(row.version) ?? null,
    conf: storedJson<JsonObject>(row.conf) ?? {},
    triggeredBy: row.triggeredBy,
    note: row.note,
    reason: row.reason,
    backfillKey: row.backfillKey,
    taskIds: storedJson<string[]>(row.taskIds),
    taskCounts: counts.get(row.key) ?? {},
  }));
}

async function taskCounts(
  store: Store,
  runKeys: readonly number[],
): Promise<ReadonlyMap<number, Partial<Record<TaskState, number>>>> {
  const rows = await store.db
    .selectFrom('taskInstance')
    .select(['runKey', 'state', (eb) => eb.fn.countAll<number>().as('count')])
    .where('runKey', 'in', runKeys)
    .groupBy(['runKey', 'state'])
    .execute();
  const counts = new Map<number, Partial<Record<TaskState, number>>>();
  for (const row of rows) {
    const ofRun = counts.get(row.runKey) ?? {};
    ofRun[row.state as TaskState] = Number(row.count);
    counts.set(row.runKey, ofRun);
  }
  return counts;
}
