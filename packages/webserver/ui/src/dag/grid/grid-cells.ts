import type { Grid, GridColumn, TaskState } from '../../api/contract.ts';
import type { GridRow } from './grid-rows.ts';

/** Which state a letter of a packed column stands for. */
export type StateLetters = Grid['letters'];

/** One square, taken out of its column. */
export interface GridCell {
  readonly state: TaskState;
  readonly tryNumber: number;
  /** How long it took, or runs already; null when it never began. */
  readonly lengthMs: number | null;
  readonly mapped: GridColumn['mapped'][string] | undefined;
}

/** The square of a task in a run; undefined when the run has no instance of it. */
export function cellAt(
  letters: StateLetters,
  column: GridColumn,
  place: number,
  now: number,
): GridCell | undefined {
  const state = stateAt(letters, column, place);
  if (state === undefined) return undefined;
  const length = column.lengths[place] ?? -1;
  const started = column.started[place];
  return {
    state,
    tryNumber: column.tries[place] ?? 1,
    lengthMs: started ? Math.max(0, now - Date.parse(started)) : length < 0 ? null : length,
    mapped: column.mapped[place],
  };
}

/** How many instances of a line are in which state, in one run. */
export function cellCounts(
  letters: StateLetters,
  column: GridColumn,
  row: Pick<GridRow, 'places'>,
): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const place of row.places) {
    const state = stateAt(letters, column, place);
    if (state === undefined) continue;
    const mapped = column.mapped[place];
    if (mapped === undefined) counts[state] = (counts[state] ?? 0) + 1;
    else
      for (const [each, count] of Object.entries(mapped) as [TaskState, number][])
        counts[each] = (counts[each] ?? 0) + count;
  }
  return counts;
}

/** What a live change says about a square. */
export interface CellChange {
  readonly taskId: string | null;
  readonly toState: string | null;
  readonly at: string;
}

/** The column after changes of its tasks, oldest first. Mapped squares stay: only the server can add their instances up. */
export function patchedColumn(grid: Grid, column: GridColumn, changes: readonly CellChange[]): GridColumn {
  const letterOf = new Map(Object.entries(grid.letters).map(([letter, state]) => [state as string, letter]));
  const states = [...column.states];
  const lengths = [...column.lengths];
  const started = { ...column.started };
  for (const { taskId, toState, at } of changes) {
    const place = taskId === null ? undefined : placesOf(grid.tasks).get(taskId);
    const letter = letterOf.get(toState ?? '');
    if (place === undefined || letter === undefined || states[place] === '.' || column.mapped[place])
      continue;
    states[place] = letter;
    if (toState === 'running') {
      started[place] = at;
      lengths[place] = -1;
    } else if (BEFORE_START.has(toState)) {
      delete started[place];
      lengths[place] = -1;
    } else if (started[place] !== undefined && !WAITS.has(toState)) {
      lengths[place] = Math.max(0, Date.parse(at) - Date.parse(started[place]));
      delete started[place];
    }
  }
  return { ...column, states: states.join(''), lengths, started };
}

const BEFORE_START: ReadonlySet<string | null> = new Set(['none', 'scheduled', 'queued']);
const WAITS: ReadonlySet<string | null> = new Set(['deferred', 'up_for_reschedule', 'restarting']);

function stateAt(letters: StateLetters, column: GridColumn, place: number): TaskState | undefined {
  return letters[column.states[place] ?? '.'];
}

const knownPlaces = new WeakMap<Grid['tasks'], ReadonlyMap<string, number>>();

function placesOf(tasks: Grid['tasks']): ReadonlyMap<string, number> {
  const known = knownPlaces.get(tasks);
  if (known) return known;
  const places = new Map(tasks.map((task, place) => [task.taskId, place]));
  knownPlaces.set(tasks, places);
  return places;
}
