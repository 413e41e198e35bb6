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
  /** One of each run, in the order of `runs`. */
  readonly columns: readonly GridColumn[];
}

export interface GridTask {
  readonly taskId: string;
  readonly groupId: string | null;
  /** Its id without the groups in front. */
  readonly label: string;
  readonly operator: string;
  /** Some run of the window has mapped instances of it. */
  readonly isMapped: boolean;
  /** It left the DAG; runs of the window still have it. */
  readonly isRemoved: boolean;
}

/**
 * The cells of one run, packed: 5,000 tasks by 25 runs are 125,000 cells, and as one object each they are 15 MB. A place in `states` and
 * `lengths` is the place of the task in the grid's `tasks`; what few cells have is kept by that place.
 */
export interface GridColumn {
  /** A letter a task, of {@link STATE_LETTERS}; `.` where the run has no instance. Of a mapped task the state that matters most. */
  readonly states: string;
  /** Milliseconds from start to end, of a mapped task from the earliest to the latest; -1 while it has not ended, or never began. */
  readonly lengths: readonly number[];
  /** Start of those that have not ended. */
  readonly started: Readonly<Record<number, number>>;
  /** Number of the try, where it is not the first; of a mapped task the greatest. */
  readonly tries: Readonly<Record<number, number>>;
  /** Instances by state, of mapped tasks. */
  readonly mapped: Readonly<Record<number, Partial<Record<TaskState, number>>>>;
}

/** The letter that stands for a state in {@link GridColumn.states}. */
export const STATE_LETTERS: Readonly<Record<TaskState, string>> = {
  none: 'n',
  scheduled: 'c',
  queued: 'q',
  running: 'r',
  success: 's',
  failed: 'f',
  up_for_retry: 't',
  up_for_reschedule: 'h',
  deferred: 'd',
  upstream_failed: 'u',
  skipped: 'k',
  removed: 'x',
  restarting: 'e',
};

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
  const tasks = (dag.serialized?.tasks ?? []).map((task) => ({
    taskId: task.taskId,
    groupId: task.groupId,
    label: task.groupId === null ? task.taskId : task.taskId.slice(task.groupId.length + 1),
    operator: task.operator,
    isRemoved: false,
  }));
  const places = new Map(tasks.map((task, place) => [task.taskId, place]));
  const cells = await cellsOf(store, runs, places);
  for (const taskId of [...places.keys()].slice(tasks.length)) {
    tasks.push({ taskId, groupId: null, label: taskId, operator: '', isRemoved: true });
  }
  const mapped = new Set(
    [...cells.values()].flatMap((ofRun) => ofRun.flatMap((cell, place) => (cell.mapped ? [place] : []))),
  );
  return {
    version: dag.version,
    tasks: tasks.map((task, place) => ({ ...task, isMapped: mapped.has(place) })),
    groups: dag.serialized?.groups ?? [],
    runs,
    columns: runs.map((run) => packed(cells.get(run.key) ?? [], tasks.length)),
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

interface Cell {
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly mapped?: Readonly<Partial<Record<TaskState, number>>>;
}

/** The cells of each run (by its key) by the place of their task; tasks that `places` does not know are added to it. */
async function cellsOf(
  store: Store,
  runs: readonly RunBar[],
  places: Map<string, number>,
): Promise<ReadonlyMap<number, Cell[]>> {
  const cells = new Map<number, Cell[]>();
  if (runs.length === 0) return cells;
  const rows = await instancesOf(
    store,
    runs.map((run) => run.key),
  );
  for (const row of rows) {
    const ofRun: Cell[] = [];
    for (const [taskId, isMapped, state, tryNumber, startDate, endDate] of JSON.parse(
      row.instances,
    ) as InstanceTuple[]) {
      let place = places.get(taskId);
      if (place === undefined) {
        place = places.size;
        places.set(taskId, place);
      }
      const cell: Cell = { state, tryNumber, startDate, endDate };
      const before = ofRun[place];
      if (before !== undefined) ofRun[place] = merged(before, cell);
      else ofRun[place] = isMapped === 1 ? { ...cell, mapped: { [state]: 1 } } : cell;
    }
    cells.set(row.runKey, ofRun);
  }
  return cells;
}

function packed(cells: readonly Cell[], count: number): GridColumn {
  let states = '';
  const lengths: number[] = [];
  const started: Record<number, number> = {};
  const tries: Record<number, number> = {};
  const mapped: Record<number, Partial<Record<TaskState, number>>> = {};
  for (let place = 0; place < count; place += 1) {
    const cell = cells[place];
    states += cell === undefined ? '.' : STATE_LETTERS[cell.state];
    const hasEnded = cell !== undefined && cell.startDate !== null && cell.endDate !== null;
    lengths.push(hasEnded ? Math.max(0, cell.endDate - cell.startDate) : -1);
    if (cell === undefined) continue;
    if (cell.startDate !== null && cell.endDate === null) started[place] = cell.startDate;
    if (cell.tryNumber > 1) tries[place] = cell.tryNumber;
    if (cell.mapped !== undefined) mapped[place] = cell.mapped;
  }
  return { states, lengths, started, tries, mapped };
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
function merged(cell: Cell, instance: Cell): Cell {
  const counts = cell.mapped ?? { [cell.state]: 1 };
  return {
    state: WEIGHT.indexOf(instance.state) < WEIGHT.indexOf(cell.state) ? instance.state : cell.state,
    tryNumber: Math.max(cell.tryNumber, instance.tryNumber),
    startDate:
      cell.startDate === null || instance.startDate === null
        ? (cell.startDate ?? instance.startDate)
        : Math.min(cell.startDate, instance.startDate),
    endDate:
      cell.endDate === null || instance.endDate === null ? null : Math.max(cell.endDate, instance.endDate),
    mapped: { ...counts, [instance.state]: (counts[instance.state] ?? 0) + 1 },
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
