import { NotFoundError, type SerializedError } from '../../errors.ts';
import type { JsonObject } from '../../json.ts';
import type { Store } from '../store.ts';
import type { AttemptTable, DagRunTable } from '../tables.ts';
import { runRow } from './run.ts';
import { storedJson } from './stored-json.ts';
import { type TaskInstanceArgs, taskInstanceRow } from './task-instance.ts';

/** One start of a task instance, for ever as it was. Instants are milliseconds UTC. */
export interface Attempt {
  readonly attemptId: number;
  readonly taskId: string;
  readonly mapPath: string;
  readonly tryNumber: number;
  readonly infraNumber: number;
  /** `queued`, `running`, `deferred`, `up_for_reschedule`, then an outcome: `success`, `failed`, `skipped`, `lost`, `killed`. */
  readonly state: string;
  readonly version: string;
  readonly queuedAt: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly runnerId: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly error: SerializedError | null;
  /** Rendered template fields, secrets masked. */
  readonly rendered: JsonObject | null;
  /** Which try of the groups around it that began more than once, by their ids; null: the first of each. */
  readonly groupTries: Readonly<Record<string, number>> | null;
  /** Params of the run when it was handed out: a clear may have given the run others since. */
  readonly conf: JsonObject;
}

/** Every attempt of a task instance, oldest first. Throws NotFoundError. */
export async function listAttempts(store: Store, args: TaskInstanceArgs): Promise<readonly Attempt[]> {
  const run = await runRow(store, args);
  const instance = await taskInstanceRow(store, run, args);
  const rows = await store.db
    .selectFrom('attempt')
    .selectAll()
    .where('taskInstanceKey', '=', instance.key)
    .orderBy('attemptId')
    .execute();
  const confAt = await confHistory(store, run);
  return rows.map((row) => attempt(row, confAt(row.queuedAt)));
}

/** The params that a run had at an instant: what the first change behind it replaced, or what it has now. */
async function confHistory(
  store: Store,
  { key, conf }: Pick<DagRunTable, 'key' | 'conf'>,
): Promise<(instant: number) => JsonObject> {
  const changes = await store.db
    .selectFrom('event')
    .select(['at', 'data'])
    .where('runKey', '=', key)
    .where('type', '=', 'run_conf_changed')
    .orderBy('id')
    .execute();
  const now = storedJson<JsonObject>(conf) ?? {};
  return (instant) => {
    // An attempt of the turn that changed them comes after the change.
    const next = changes.find(({ at }) => at > instant);
    return next === undefined ? now : (storedJson<{ from: JsonObject }>(next.data)?.from ?? {});
  };
}

/**
 * The row of one attempt of a run's task, whichever map path it has. Throws {@link NotFoundError} also when the attempt exists but
 * belongs to something else: an id in a URL opens only what the rest of the URL names.
 */
export async function attemptRow(
  store: Store,
  args: Omit<TaskInstanceArgs, 'mapPath'> & { readonly attemptId: number },
): Promise<AttemptTable> {
  const run = await runRow(store, args);
  const row = await store.db
    .selectFrom('attempt')
    .selectAll()
    .where('attemptId', '=', args.attemptId)
    .where('runKey', '=', run.key)
    .where('taskId', '=', args.taskId)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new NotFoundError(
    'attempt',
    String(args.attemptId),
    `Looked in task "${args.taskId}" of run "${args.runId}".`,
  );
}

function attempt(row: AttemptTable, conf: JsonObject): Attempt {
  return {
    attemptId: row.attemptId,
    taskId: row.taskId,
    mapPath: row.mapPath,
    tryNumber: row.tryNumber,
    infraNumber: row.infraNumber,
    state: row.state,
    version: row.version,
    queuedAt: row.queuedAt,
    startDate: row.startDate,
    endDate: row.endDate,
    runnerId: row.runnerId,
    host: row.host,
    pid: row.pid,
    error: storedJson<SerializedError>(row.error),
    rendered: storedJson<JsonObject>(row.rendered),
    groupTries: storedJson<Record<string, number>>(row.groupTries),
    conf,
  };
}
