import type { Json } from '../../json.ts';
import type { Store } from '../store.ts';
import type { EventTable } from '../tables.ts';
import { decodeCursor, encodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { type RunArgs, runRow } from './run.ts';
import { storedJson } from './stored-json.ts';

/** What happened, as people see it: ids instead of keys. Instants are milliseconds UTC. */
export interface EventSummary {
  readonly id: number;
  readonly at: number;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly mapPath: string | null;
  readonly attemptId: number | null;
  readonly type: string;
  readonly fromState: string | null;
  readonly toState: string | null;
  readonly actor: string;
  readonly data: Json;
}

export interface ListEventsArgs extends PageArgs {
  readonly dagId?: string | undefined;
  readonly type?: string | undefined;
  /** Only events with a greater id, oldest first: for following along. Default: newest first. */
  readonly after?: number | undefined;
}

/** How many events one page looks at when a filter passes few of them: a page then may be short and still have a next one. */
const MAX_SCANNED = 20_000;

/** Events of the whole installation. Throws InvalidInputError for a cursor of another list. */
export async function listEvents(store: Store, args: ListEventsArgs = {}): Promise<Page<EventSummary>> {
  const limit = pageLimit(args);
  const position = decodeCursor(args.cursor, ['number'])?.[0];
  const forward = args.after !== undefined;
  const start = position ?? args.after;
  let window = store.db
    .selectFrom('event')
    .selectAll()
    .orderBy('id', forward ? 'asc' : 'desc')
    .limit(MAX_SCANNED);
  if (start !== undefined) window = window.where('id', forward ? '>' : '<', start);
  if (args.dagId === undefined && args.type === undefined) {
    return summarize(store, await window.limit(limit + 1).execute(), limit, null);
  }
  let matching = store.db.selectFrom(window.as('event')).selectAll();
  if (args.dagId !== undefined) matching = matching.where('dagId', '=', args.dagId);
  if (args.type !== undefined) matching = matching.where('type', '=', args.type);
  const rows = await matching
    .orderBy('id', forward ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute();
  const end = rows.length > limit ? null : await lastScanned(store, start, forward);
  return summarize(store, rows, limit, end);
}

/** Events of one run, newest first. Throws NotFoundError. */
export async function listRunEvents(store: Store, args: RunArgs & PageArgs): Promise<Page<EventSummary>> {
  const limit = pageLimit(args);
  const position = decodeCursor(args.cursor, ['number'])?.[0];
  const run = await runRow(store, args);
  let query = store.db.selectFrom('event').selectAll().where('runKey', '=', run.key);
  if (position !== undefined) query = query.where('id', '<', position);
  const rows = await query
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute();
  return summarize(store, rows, limit, null);
}

/** Names behind the keys of events: what a reader knows a run or a task instance by. */
export interface EventNames {
  readonly runs: ReadonlyMap<number, string>;
  readonly taskInstances: ReadonlyMap<number, { readonly taskId: string; readonly mapPath: string }>;
}

/** Looks up the names of the runs and task instances that `events` are about: two statements, by primary key. */
export async function eventNames(
  store: Store,
  events: readonly Pick<EventTable, 'runKey' | 'taskInstanceKey'>[],
): Promise<EventNames> {
  const runKeys = [...new Set(events.map((event) => event.runKey).filter((key) => key !== null))];
  const taskKeys = [...new Set(events.map((event) => event.taskInstanceKey).filter((key) => key !== null))];
  const [runs, tasks] = await Promise.all([
    runKeys.length === 0
      ? []
      : store.db.selectFrom('dagRun').select(['key', 'runId']).where('key', 'in', runKeys).execute(),
    taskKeys.length === 0
      ? []
      : store.db
          .selectFrom('taskInstance')
          .select(['key', 'taskId', 'mapPath'])
          .where('key', 'in', taskKeys)
          .execute(),
  ]);
  return {
    runs: new Map(runs.map((run) => [run.key, run.runId])),
    taskInstances: new Map(tasks.map(({ key, taskId, mapPath }) => [key, { taskId, mapPath }])),
  };
}

/** Id of the last event that the scanned window had, when the window was full: where the next page starts. */
async function lastScanned(
  store: Store,
  start: number | undefined,
  forward: boolean,
): Promise<number | null> {
  let query = store.db
    .selectFrom('event')
    .select('id')
    .orderBy('id', forward ? 'asc' : 'desc')
    .offset(MAX_SCANNED - 1)
    .limit(1);
  if (start !== undefined) query = query.where('id', forward ? '>' : '<', start);
  return (await query.executeTakeFirst())?.id ?? null;
}

async function summarize(
  store: Store,
  rows: readonly EventTable[],
  limit: number,
  end: number | null,
): Promise<Page<EventSummary>> {
  const names = await eventNames(store, rows);
  const page = pageOf(
    rows,
    limit,
    (row) => [row.id],
    (row) => summary(row, names),
  );
  if (page.nextCursor !== null || end === null) return page;
  return { ...page, nextCursor: encodeCursor([end]) };
}

function summary(row: EventTable, names: EventNames): EventSummary {
  const task = row.taskInstanceKey === null ? undefined : names.taskInstances.get(row.taskInstanceKey);
  return {
    id: row.id,
    at: row.at,
    dagId: row.dagId,
    runId: row.runKey === null ? null : (names.runs.get(row.runKey) ?? null),
    taskId: task?.taskId ?? null,
    mapPath: task?.mapPath ?? null,
    attemptId: row.attemptId,
    type: row.type,
    fromState: row.fromState,
    toState: row.toState,
    actor: row.actor,
    data: storedJson(row.data),
  };
}
