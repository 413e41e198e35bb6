import { type Expression, type ExpressionBuilder, type RawBuilder, type SqlBool, sql } from 'kysely';
import { liveNumber } from '../../config/index.ts';
import type { Json } from '../../json.ts';
import type { SerializedDag } from '../../serialization/index.ts';
import type { RunState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import type { DagTable, Tables } from '../tables.ts';
import { type DagFacts, dagFacts, serializedVersion } from './dag-facts.ts';
import { dagRow } from './dag-row.ts';
import { plannedRuns } from './next-run.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { newestRunBars, type RunBar } from './run-bar.ts';
import { searchPattern } from './search-pattern.ts';
import { storedJson } from './stored-json.ts';

/** A DAG in a list. Instants are milliseconds UTC. */
export interface DagSummary {
  readonly dagId: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly owner: string | null;
  /** Below the dags folder. */
  readonly file: string;
  /** In words, with its zone. */
  readonly schedule: string;
  readonly timezone: string;
  readonly isPaused: boolean;
  /** Its file is gone: nothing new starts, its history stays. */
  readonly isStale: boolean;
  /** Null until a first version is recorded. */
  readonly version: string | null;
  readonly versionNumber: number | null;
  /** What its schedule plans next; null when there is nothing. Says nothing about being paused. */
  readonly nextRun: { readonly logicalDate: number; readonly runAfter: number } | null;
  /** The file fails to load at the moment; what is scheduled is its last good version. */
  readonly hasImportError: boolean;
  /** At this moment, when a Variable says it. */
  readonly maxActiveRuns: number | null;
  /** Newest 14 by logical date, oldest first. */
  readonly lastRuns: readonly RunBar[];
}

export interface DagDetails extends DagSummary {
  readonly doc: string | null;
  /** Null until a first version is recorded. */
  readonly serialized: SerializedDag | null;
}

export interface ListDagsArgs extends PageArgs {
  /** Part of its id or description, in any case. */
  readonly search?: string | undefined;
  readonly tag?: string | undefined;
  readonly owner?: string | undefined;
  readonly paused?: boolean | undefined;
  /** State of its newest run. */
  readonly state?: RunState | undefined;
  /** Also DAGs whose file is gone. Default: without them. */
  readonly stale?: boolean | undefined;
  /** `dagId` (default) and `nextRun` ascending, `lastRun` (logical date of the newest run) newest first. */
  readonly order?: 'dagId' | 'nextRun' | 'lastRun' | undefined;
  /** For `nextRun`; default: the machine's clock. */
  readonly now?: number | undefined;
}

/** How many runs a DAG shows in a list: two weeks of a daily DAG. */
const LAST_RUNS = 14;

/** DAGs with their newest runs. `total` counts all that pass the filters. */
export async function listDags(
  store: Store,
  args: ListDagsArgs = {},
): Promise<Page<DagSummary> & { readonly total: number }> {
  const limit = pageLimit(args);
  const order = args.order ?? 'dagId';
  const matching = store.db.selectFrom('dag').where((eb) => eb.and(filters(eb, args)));
  const { total } = await matching
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();

  const sortKey = SORT_KEYS[order];
  const direction = order === 'lastRun' ? 'desc' : 'asc';
  let query = matching.selectAll('dag').select(sortKey.as('sortKey'));
  if (order === 'dagId') {
    const after = decodeCursor(args.cursor, ['string']);
    if (after !== null) query = query.where('dag.dagId', '>', after[0]);
  } else {
    const after = decodeCursor(args.cursor, ['number', 'string']);
    if (after !== null) {
      query = query.where((eb) =>
        eb.or([
          eb(sortKey, direction === 'asc' ? '>' : '<', after[0]),
          eb.and([eb(sortKey, '=', after[0]), eb('dag.dagId', '>', after[1])]),
        ]),
      );
    }
    query = query.orderBy(sortKey, direction);
  }
  const rows = await query
    .orderBy('dag.dagId')
    .limit(limit + 1)
    .execute();
  const summaries = await summarize(store, rows.slice(0, limit), args.now ?? Date.now());
  const page = pageOf(
    rows.map((row, i) => ({ row, summary: summaries[i]! })),
    limit,
    ({ row }) => (order === 'dagId' ? [row.dagId] : [Number(row.sortKey), row.dagId]),
    ({ summary }) => summary,
  );
  return { ...page, total: Number(total) };
}

/** One DAG with its definition. Throws NotFoundError. */
export async function getDag(
  store: Store,
  args: { readonly dagId: string; readonly now?: number | undefined },
): Promise<DagDetails> {
  const row = await dagRow(store, args.dagId);
  const [summary] = await summarize(store, [row], args.now ?? Date.now());
  const serialized = row.currentVersion === null ? null : await serializedVersion(store, row.currentVersion);
  return { ...summary!, doc: serialized?.doc ?? null, serialized };
}

/** What lists are sorted by. A DAG without the value comes last. */
const SORT_KEYS: Readonly<Record<NonNullable<ListDagsArgs['order']>, RawBuilder<string | number>>> = {
  dagId: sql`dag.dag_id`,
  nextRun: sql`coalesce(dag.next_tick, ${Number.MAX_SAFE_INTEGER})`,
  lastRun: sql`coalesce((select r.logical_date from dag_run r where r.dag_id = dag.dag_id order by r.logical_date desc limit 1), ${Number.MIN_SAFE_INTEGER})`,
};

function filters(eb: ExpressionBuilder<Tables, 'dag'>, args: ListDagsArgs): Expression<SqlBool>[] {
  const conditions: Expression<SqlBool>[] = [];
  if (args.stale !== true) conditions.push(eb('dag.isStale', '=', 0));
  if (args.owner !== undefined) conditions.push(eb('dag.owner', '=', args.owner));
  if (args.paused !== undefined) conditions.push(eb('dag.isPaused', '=', args.paused ? 1 : 0));
  if (args.search !== undefined && args.search !== '') {
    const pattern = searchPattern(args.search);
    conditions.push(
      sql<SqlBool>`(lower(dag.dag_id) like ${pattern} escape '\\' or lower(dag.description) like ${pattern} escape '\\')`,
    );
  }
  if (args.tag !== undefined) {
    // Tags are a JSON list of texts: the quoted text is found in it only as a whole tag.
    const quoted = JSON.stringify(args.tag).replaceAll(/[\\%_]/g, (character) => `\\${character}`);
    conditions.push(sql<SqlBool>`dag.tags like ${`%${quoted}%`} escape '\\'`);
  }
  if (args.state !== undefined) {
    conditions.push(
      sql<SqlBool>`(select r.state from dag_run r where r.dag_id = dag.dag_id order by r.logical_date desc, r.key desc limit 1) = ${args.state}`,
    );
  }
  return conditions;
}

async function summarize(store: Store, rows: readonly DagTable[], now: number): Promise<DagSummary[]> {
  if (rows.length === 0) return [];
  const versions = rows.map((row) => row.currentVersion).filter((version) => version !== null);
  const [facts, bars, numbers, broken] = await Promise.all([
    dagFacts(store, versions),
    newestRunBars(
      store,
      rows.map((row) => row.dagId),
      LAST_RUNS,
    ),
    versionNumbers(store, versions),
    filesWithErrors(store, rows),
  ]);
  const limits = await maxActiveRuns(store, facts, now);
  return rows.map((row) => ({
    dagId: row.dagId,
    description: row.description,
    tags: storedJson<string[]>(row.tags) ?? [],
    owner: row.owner,
    file: row.file,
    schedule: row.schedule,
    timezone: row.timezone,
    isPaused: row.isPaused === 1,
    isStale: row.isStale === 1,
    version: row.currentVersion,
    versionNumber: row.currentVersion === null ? null : (numbers.get(row.currentVersion) ?? null),
    nextRun: nextRun(row, facts, now),
    hasImportError: broken.has(row.file),
    maxActiveRuns: limits.get(row.currentVersion ?? '') ?? null,
    lastRuns: bars.get(row.dagId) ?? [],
  }));
}

function nextRun(row: DagTable, facts: ReadonlyMap<string, DagFacts>, now: number): DagSummary['nextRun'] {
  const schedule = row.currentVersion === null ? undefined : facts.get(row.currentVersion);
  if (schedule === undefined || row.isStale === 1) return null;
  for (const { logicalDate, runAfter } of plannedRuns(row, schedule, now, 1))
    return { logicalDate, runAfter };
  return null;
}

/** The limit of each version, with the Variables that some of them name read once. */
async function maxActiveRuns(
  store: Store,
  facts: ReadonlyMap<string, DagFacts>,
  now: number,
): Promise<ReadonlyMap<string, number>> {
  const names = new Set<string>();
  for (const { maxActiveRuns: limit } of facts.values()) {
    if (typeof limit !== 'number' && '$variable' in limit) names.add(limit.$variable.name);
  }
  const rows =
    names.size === 0
      ? []
      : await store.db
          .selectFrom('variable')
          .select(['key', 'value'])
          .where('key', 'in', [...names])
          .execute();
  const values = new Map(rows.map((row) => [row.key, storedJson<Json>(row.value)!]));
  return new Map(
    [...facts].map(([version, { maxActiveRuns: limit }]) => [version, liveNumber(limit, values, now)]),
  );
}

async function filesWithErrors(store: Store, rows: readonly DagTable[]): Promise<ReadonlySet<string>> {
  const errors = await store.db
    .selectFrom('importError')
    .select('file')
    .where(
      'file',
      'in',
      rows.map((row) => row.file),
    )
    .execute();
  return new Set(errors.map((error) => error.file));
}

/** The number, for people, of each of `versions`. */
export async function versionNumbers(
  store: Store,
  versions: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (versions.length === 0) return new Map();
  const rows = await store.db
    .selectFrom('dagVersion')
    .select(['version', 'number'])
    .where('version', 'in', [...new Set(versions)])
    .execute();
  return new Map(rows.map((row) => [row.version, row.number]));
}
