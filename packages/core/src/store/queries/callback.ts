import { NotFoundError, type SerializedError } from '../../errors.ts';
import type { CallbackFacts } from '../../notifiers/callback-facts.ts';
import type { Store } from '../store.ts';
import type { CallbackTable } from '../tables.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { type RunArgs, runRow } from './run.ts';
import { storedJson } from './stored-json.ts';

/** A callback of a run and what became of it. Instants are milliseconds UTC. */
export interface CallbackSummary {
  readonly callbackId: number;
  readonly dagId: string;
  readonly runId: string;
  /** `onSuccess`, `onFailure`, `onRetry`, `onSkipped`, `onMiss`. */
  readonly event: string;
  /** Null: of the run. */
  readonly taskId: string | null;
  readonly mapPath: string;
  /** How people called its map index; null: by its number. */
  readonly renderedMapIndex: string | null;
  readonly tryNumber: number;
  readonly attemptId: number | null;
  readonly deadline: string | null;
  /** `pending`, `success`, `failed`. */
  readonly state: string;
  /** How often it was handed to a runner: more than once means that a receiver may have heard it twice, under one id. */
  readonly deliveries: number;
  readonly createdAt: number;
  readonly endDate: number | null;
  readonly error: SerializedError | null;
}

/** Every callback of a run, oldest first. Throws NotFoundError. */
export async function listCallbacks(store: Store, args: RunArgs): Promise<readonly CallbackSummary[]> {
  const run = await runRow(store, args);
  const rows = await store.db
    .selectFrom('callback')
    .selectAll()
    .where('runKey', '=', run.key)
    .orderBy('key')
    .execute();
  return rows.map((row) => summary(row, run.runId));
}

export interface ListAllCallbacksArgs extends PageArgs {
  readonly dagId?: string | undefined;
  readonly state?: CallbackState | undefined;
}

/** What becomes of a callback: `failed` threw, ran out of time, or lost its runner too often. */
export type CallbackState = 'pending' | 'success' | 'failed';

/** Callbacks of all runs, newest first. A filter reads on until the page is full. */
export async function listAllCallbacks(
  store: Store,
  args: ListAllCallbacksArgs = {},
): Promise<Page<CallbackSummary>> {
  const limit = pageLimit(args);
  const after = decodeCursor(args.cursor, ['number']);
  const { dagId, state } = args;
  const rows = await store.db
    .selectFrom('callback')
    .innerJoin('dagRun', 'dagRun.key', 'callback.runKey')
    .selectAll('callback')
    .select('dagRun.runId')
    .$if(dagId !== undefined, (query) => query.where('callback.dagId', '=', dagId!))
    .$if(state !== undefined, (query) => query.where('callback.state', '=', state!))
    .$if(after !== null, (query) => query.where('callback.key', '<', after![0]))
    .orderBy('callback.key', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    ({ key }) => [key],
    (row) => summary(row, row.runId),
  );
}

/** The row of one callback of a run. Throws NotFoundError, also when it belongs to another run. */
export async function callbackRow(
  store: Store,
  args: RunArgs & { readonly callbackId: number },
): Promise<CallbackTable> {
  const run = await runRow(store, args);
  const row = await store.db
    .selectFrom('callback')
    .selectAll()
    .where('runKey', '=', run.key)
    .where('key', '=', args.callbackId)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new NotFoundError('callback', String(args.callbackId), `Looked in run "${args.runId}".`);
}

function summary(row: CallbackTable, runId: string): CallbackSummary {
  const facts = JSON.parse(row.facts) as CallbackFacts;
  return {
    callbackId: row.key,
    dagId: row.dagId,
    runId,
    event: row.event,
    taskId: facts.taskId,
    mapPath: facts.mapPath,
    // Facts that an earlier version wrote have none.
    renderedMapIndex: facts.renderedMapIndex ?? null,
    tryNumber: facts.tryNumber,
    attemptId: row.attemptId,
    deadline: row.deadline,
    state: row.state,
    deliveries: row.grantNumber,
    createdAt: row.createdAt,
    endDate: row.endDate,
    error: storedJson<SerializedError>(row.error),
  };
}
