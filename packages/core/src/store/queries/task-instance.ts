import { NotFoundError } from '../../errors.ts';
import type { SerializedTask } from '../../serialization/index.ts';
import { instanceName, type TaskState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable, TaskInstanceTable } from '../tables.ts';
import { serializedVersion } from './dag-facts.ts';
import { type RunArgs, runRow } from './run.ts';

/** A task instance as people see it. Instants are milliseconds UTC. */
export interface TaskInstance {
  readonly key: number;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** Last component of `mapPath`; -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** '' or `3` or `3.0`. */
  readonly mapPath: string;
  /** How people call its map index, as its newest attempt rendered it; null: by its number. */
  readonly renderedMapIndex: string | null;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly maxTries: number;
  /** Class of its operator, and its group, in the version that its run has; null when that version has no such task. */
  readonly operator: string | null;
  readonly groupId: string | null;
  readonly scheduledAt: number | null;
  readonly queuedAt: number | null;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly nextAt: number | null;
  readonly reason: string | null;
  readonly pool: string;
  readonly priorityWeight: number;
  readonly attemptId: number | null;
}

/** Which task instance: its run, its task and, of a mapped task, its path (default ''). */
export interface TaskInstanceArgs extends RunArgs {
  readonly taskId: string;
  readonly mapPath?: string | undefined;
}

/** Every task instance of a run, in topological order, map indices ascending. Empty while the run is queued. */
export async function listTaskInstances(
  store: Store,
  args: RunArgs & { readonly state?: TaskState | undefined },
): Promise<readonly TaskInstance[]> {
  const run = await runRow(store, args);
  let query = store.db.selectFrom('taskInstance').selectAll().where('runKey', '=', run.key);
  if (args.state !== undefined) query = query.where('state', '=', args.state);
  const [rows, tasks] = await Promise.all([query.execute(), tasksOf(store, run)]);
  const order = (row: TaskInstanceTable) => tasks.get(row.taskId)?.order ?? Number.MAX_SAFE_INTEGER;
  return rows
    .sort(
      (a, b) => order(a) - order(b) || compareText(a.taskId, b.taskId) || compareText(a.mapSort, b.mapSort),
    )
    .map((row) => taskInstance(row, run, tasks.get(row.taskId)?.task));
}

/** One task instance. Throws {@link NotFoundError}. */
export async function getTaskInstance(store: Store, args: TaskInstanceArgs): Promise<TaskInstance> {
  const run = await runRow(store, args);
  const row = await taskInstanceRow(store, run, args);
  const tasks = await tasksOf(store, run);
  return taskInstance(row, run, tasks.get(row.taskId)?.task);
}

/** The row of a task instance of `run`. Throws {@link NotFoundError}. */
export async function taskInstanceRow(
  store: Store,
  run: DagRunTable,
  { taskId, mapPath = '' }: TaskInstanceArgs,
): Promise<TaskInstanceTable> {
  const row = await store.db
    .selectFrom('taskInstance')
    .selectAll()
    .where('runKey', '=', run.key)
    .where('taskId', '=', taskId)
    .where('mapPath', '=', mapPath)
    .executeTakeFirst();
  if (row !== undefined) return row;
  throw new NotFoundError(
    'task instance',
    instanceName(taskId, mapPath),
    run.state === 'queued'
      ? `Run "${run.runId}" is queued: its tasks are written when it starts.`
      : `Looked in run "${run.runId}".`,
  );
}

/** The last component of a map path, as Airflow counts: -1 when the task is not mapped. */
export function mapIndexOf(mapPath: string): number {
  return mapPath === '' ? -1 : Number(mapPath.slice(mapPath.lastIndexOf('.') + 1));
}

interface PlacedTask {
  readonly task: SerializedTask;
  /** Place in topological order. */
  readonly order: number;
}

async function tasksOf(store: Store, run: DagRunTable): Promise<ReadonlyMap<string, PlacedTask>> {
  const dag = await serializedVersion(store, run.version);
  return new Map((dag?.tasks ?? []).map((task, order) => [task.taskId, { task, order }]));
}

function taskInstance(
  row: TaskInstanceTable,
  run: DagRunTable,
  task: SerializedTask | undefined,
): TaskInstance {
  return {
    key: row.key,
    dagId: row.dagId,
    runId: run.runId,
    taskId: row.taskId,
    mapIndex: mapIndexOf(row.mapPath),
    mapPath: row.mapPath,
    renderedMapIndex: row.renderedMapIndex,
    state: row.state as TaskState,
    tryNumber: row.tryNumber,
    infraNumber: row.infraNumber,
    maxTries: row.maxTries,
    operator: task?.operator ?? null,
    groupId: task?.groupId ?? null,
    scheduledAt: row.scheduledAt,
    queuedAt: row.queuedAt,
    startDate: row.startDate,
    endDate: row.endDate,
    nextAt: row.nextAt,
    reason: row.reason,
    pool: row.pool,
    priorityWeight: row.priorityWeight,
    attemptId: row.attemptId,
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
