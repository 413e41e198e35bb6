import { sql } from 'kysely';
import { InvalidInputError } from '../../errors.ts';
import type { SerializedGroup } from '../../serialization/index.ts';
import type { TaskState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import { getDag } from './dag.ts';
import { RUN_BAR_COLUMNS, type RunBar, runBar } from './run-bar.ts';

/** Tasks by runs: a window of a DAG's newest runs. Instants are milliseconds UTC. */
export interface DagGrid {
  readonly version: string | null;
  /** In topological order, of the DAG's current version. */
  readonly tasks: readonly GridTask[];
  readonly groups: readonly SerializedGroup[];
  /** Oldest first. */
  readonly runs: readonly RunBar[];
  /** By run id, then task id. Queued runs have none; tasks that left the DAG are still here. */
  readonly cells: Readonly<Record<string, Readonly<Record<string, GridCell>>>>;
}

export interface GridTask {
  readonly taskId: string;
  readonly groupId: string | null;
  /** Its id without the groups in front. */
  readonly label: string;
  readonly operator: string;
  /** Some run of the window has mapped instances of it. */
  readonly isMapped: boolean;
}

export interface GridCell {
  /** Of a mapped task: the one that matters most (failed before running before waiting before done). */
  readonly state: TaskState;
  /** Of a mapped task: the greatest. */
  readonly tryNumber: number;
  /** Of a mapped task: the earliest. */
  readonly startDate: number | null;
  /** Of a mapped task: the latest; null while one of them has not ended. */
  readonly endDate: number | null;
  /** Instances by state. Mapped tasks only. */
  readonly mapped?: Readonly<Partial<Record<TaskState, number>>>;
}

/** Most runs that one window has. */
const MAX_GRID_RUNS = 100;

/**
 * The newest `limit` (default 25) runs of a DAG with the state of each task, or those before the logical date `before` (ms,
 * exclusive). Costs what the window holds, however long the history is. Throws NotFoundError.
 */
export async function dagGrid(
  store: Store,
  args: { readonly dagId: string; readonly limit?: number | undefined; readonly before?: number | undefined },
): Promise<DagGrid> {
  const limit = args.limit ?? 25;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_GRID_RUNS) {
    throw new InvalidInputError(`limit: expected a whole number from 1 to ${MAX_GRID_RUNS}, got ${limit}.`);
  }
  const dag = await getDag(store, args);
  const runs = await windowOfRuns(store, args.dagId, limit, args.before);
  const cells = await cellsOf(store, runs);
  const mapped = new Set(
    Object.values(cells).flatMap((ofRun) =>
      Object.entries(ofRun).flatMap(([taskId, cell]) => (cell.mapped === undefined ? [] : [taskId])),
    ),
  );
  return {
    version: dag.version,
    tasks: (dag.serialized?.tasks ?? []).map((task) => ({
      taskId: task.taskId,
      groupId: task.groupId,
      label: task.groupId === null ? task.taskId : task.taskId.slice(task.groupId.length + 1),
      operator: task.operator,
      isMapped: mapped.has(task.taskId),
    })),
    groups: dag.serialized?.groups ?? [],
    runs,
    cells,
  };
}

async function windowOfRuns(
  store: Store,
  dagId: string,
  limit: number,
  before: number | undefined,
): Promise<readonly RunBar[]> {
  let query = store.db.selectFrom('dagRun').select(RUN_BAR_COLUMNS).where('dagId', '=', dagId);
  if (before !== undefined) query = query.where('logicalDate', '<', before);
  const rows = await query.orderBy('logicalDate', 'desc').orderBy('key', 'desc').limit(limit).execute();
  return rows.reverse().map(runBar);
}

async function cellsOf(store: Store, runs: readonly RunBar[]): Promise<DagGrid['cells']> {
  const cells: Record<string, Record<string, GridCell>> = {};
  if (runs.length === 0) return cells;
  const runIds = new Map(runs.map((run) => [run.key, run.runId]));
  for (const row of await instancesOf(store, [...runIds.keys()])) {
    // No prototype: a task may be called `constructor`.
    const ofRun: Record<string, GridCell> = Object.create(null);
    for (const [taskId, isMapped, state, tryNumber, startDate, endDate] of JSON.parse(
      row.instances,
    ) as InstanceTuple[]) {
      const cell: GridCell = { state, tryNumber, startDate, endDate };
      ofRun[taskId] = isMapped === 1 ? merged(ofRun[taskId], cell) : cell;
    }
    cells[runIds.get(row.runKey)!] = ofRun;
  }
  return cells;
}

type InstanceTuple = [
  taskId: string,
  isMapped: 0 | 1,
  state: TaskState,
  tryNumber: number,
  startDate: number | null,
  endDate: number | null,
];

/**
 * One row a run with all its instances as a JSON list: 5,000 tasks by 25 runs are 125,000 rows, and handing them over one by one
 * takes three times as long. Differs because the databases call the same functions by different names.
 */
async function instancesOf(
  store: Store,
  runKeys: readonly number[],
): Promise<readonly { runKey: number; instances: string }[]> {
  const tuple = sql`task_id, case when map_path = '' then 0 else 1 end, state, try_number, start_date, end_date`;
  const list =
    store.dialect === 'postgres'
      ? sql<string>`json_agg(json_build_array(${tuple}))::text`
      : sql<string>`json_group_array(json_array(${tuple}))`;
  return store.db
    .selectFrom('taskInstance')
    .select(['runKey', list.as('instances')])
    .where('runKey', 'in', runKeys)
    .groupBy('runKey')
    .execute();
}

/** The cell of a mapped task after one more of its instances. */
function merged(cell: GridCell | undefined, instance: GridCell): GridCell {
  if (cell?.mapped === undefined) return { ...instance, mapped: { [instance.state]: 1 } };
  return {
    state: WEIGHT.indexOf(instance.state) < WEIGHT.indexOf(cell.state) ? instance.state : cell.state,
    tryNumber: Math.max(cell.tryNumber, instance.tryNumber),
    startDate:
      cell.startDate === null || instance.startDate === null
        ? (cell.startDate ?? instance.startDate)
        : Math.min(cell.startDate, instance.startDate),
    endDate:
      cell.endDate === null || instance.endDate === null ? null : Math.max(cell.endDate, instance.endDate),
    mapped: { ...cell.mapped, [instance.state]: (cell.mapped[instance.state] ?? 0) + 1 },
  };
}

/** Which state stands for many: the first of these that one of them has. */
const WEIGHT: readonly TaskState[] = [
  'failed',
  'upstream_failed',
  'up_for_retry',
  'restarting',
  'running',
  'deferred',
  'up_for_reschedule',
  'queued',
  'scheduled',
  'none',
  'success',
  'skipped',
  'removed',
];
