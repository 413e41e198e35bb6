import type { QueryClient } from '@tanstack/react-query';
import type { Grid, Page, Run, RunState, TaskInstance, TaskState } from '../api/contract.ts';
import { patchedColumn } from '../dag/grid/grid-cells.ts';

/** One line of the live stream: what changed, from what to what. */
export interface Change {
  readonly id: number | string;
  readonly at: string;
  readonly type: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly mapPath?: string | null;
  readonly fromState: string | null;
  readonly toState: string | null;
}

/**
 * Patches the caches of runs, task instances and grids in place, and answers the keys of those queries that a patch cannot
 * bring up to date (lists, attempts, Gantt), for a coalesced refetch.
 */
export function applyChanges(cache: QueryClient, changes: readonly Change[]): string[][] {
  const stale = new Map<string, string[]>();
  const touch = (...key: string[]) => stale.set(key.join('\0'), key);
  const tasks = new Map<string, Change[]>();
  const ofRuns = new Map<string, Change[]>();
  for (const change of changes) {
    const { dagId, runId } = change;
    if (change.type === 'task_state' && dagId && runId) {
      push(tasks, `${dagId}\0${runId}`, change);
      touch('gantt', dagId, runId);
      touch('run', dagId, runId);
      touch('events', dagId, runId);
      // Slots in use.
      touch('info');
      touch('pools');
      touch('poolTasks');
      if (change.taskId) {
        touch('task', dagId, runId, change.taskId);
        touch('why', dagId, runId, change.taskId);
        if (change.toState === 'success') touch('xcom', dagId, runId, change.taskId);
        if (isBeyondPatch(change)) touch('runTasks', dagId, runId);
      }
    } else if (change.type === 'task_named' && dagId && runId) {
      touch('runTasks', dagId, runId);
      if (change.taskId) touch('task', dagId, runId, change.taskId);
    } else if (change.type === 'run_state' && dagId && runId) {
      push(ofRuns, `${dagId}\0${runId}`, change);
      touch('run', dagId, runId);
      touch('runDeadlines', dagId, runId);
      for (const list of ['dags', 'runs', 'timeline', 'backfills', 'openDeadlines']) touch(list);
    } else if (change.type === 'run_created' && dagId) {
      touch('grid', dagId);
      touch('dag', dagId);
      touch('nextRuns', dagId);
      for (const list of ['dags', 'runs', 'timeline', 'backfills', 'openDeadlines']) touch(list);
    } else if (change.type.startsWith('dag_') && dagId) {
      touch('dag', dagId);
      touch('nextRuns', dagId);
      touch('dags');
      if (change.type === 'dag_version') {
        touch('grid', dagId);
        touch('versions', dagId);
      }
    } else if (change.type.startsWith('import_error')) {
      touch('importErrors');
      touch('dags');
    } else if (change.type === 'variable_changed') {
      touch('variables');
      touch('variableHistory');
      touch('info');
      // Slots may follow a Variable.
      touch('pools');
    } else if (change.type === 'deadline_missed' && dagId && runId) {
      touch('runDeadlines', dagId, runId);
      touch('openDeadlines');
      touch('missedDeadlines');
    } else if (change.type === 'pool_changed') {
      touch('pools');
    } else if (change.type === 'backfill_state') {
      touch('backfills');
    } else if (change.type === 'intent_applied' && dagId && runId) {
      touch('run', dagId, runId);
      touch('runTasks', dagId, runId);
    }
  }
  for (const of of tasks.values()) {
    // What the page has not heard of: it was asked for before the run had begun.
    if (!patchTasks(cache, of)) touch('runTasks', of[0]!.dagId!, of[0]!.runId!);
  }
  for (const of of ofRuns.values()) patchRun(cache, of);
  return [...stale.values()];
}

/** Whether the server alone knows what became of an instance: when it started, of one that starts and ends in one turn, or its next try. */
function isBeyondPatch({ fromState, toState }: Change): boolean {
  if (toState === 'up_for_retry' || fromState === 'up_for_retry') return true;
  return fromState !== 'running' && ENDS.has(toState as TaskState);
}

/** An instance as a change leaves it: state, and the instant that the state begins or ends. */
export function patchedInstance<
  T extends {
    readonly state: TaskState;
    readonly tryNumber: number;
    readonly startDate: string | null;
    readonly endDate: string | null;
  },
>(instance: T, change: Change): T {
  const state = change.toState as TaskState;
  if (ENDS.has(state)) return { ...instance, state, endDate: change.at };
  if (state === 'none') return { ...instance, state, startDate: null, endDate: null };
  // What has begun is in its first try at least.
  const tryNumber = Math.max(1, instance.tryNumber);
  if (state === 'running') return { ...instance, state, tryNumber, startDate: change.at, endDate: null };
  if (state === 'scheduled' || state === 'queued')
    return { ...instance, state, tryNumber, startDate: null, endDate: null };
  return { ...instance, state };
}

/**
 * Answers whether every instance that changed was there to be patched, and could be: an answer that is on its way may be older than the change,
 * and which try begins after an earlier one is the server's to say.
 */
function patchTasks(cache: QueryClient, changes: readonly Change[]): boolean {
  const { dagId, runId } = changes[0]!;
  let isWhole = false;
  cache.setQueryData<Page<TaskInstance>>(['runTasks', dagId, runId], (page) => {
    if (!page) return page;
    const last = new Map(changes.map((change) => [`${change.taskId}\0${change.mapPath ?? ''}`, change]));
    const begun = new Set(
      changes
        .filter(({ fromState, toState }) => fromState === 'none' && toState === 'scheduled')
        .map(({ taskId, mapPath }) => `${taskId}\0${mapPath ?? ''}`),
    );
    let known = 0;
    const items = page.items.map((task) => {
      const name = `${task.taskId}\0${task.mapPath}`;
      const change = last.get(name);
      if (!change) return task;
      if (task.tryNumber === 0 || !begun.has(name)) known += 1;
      return patchedInstance(task, change);
    });
    isWhole = known === last.size;
    return { ...page, items };
  });
  cache.setQueriesData<Grid>({ queryKey: ['grid', dagId] }, (grid) => {
    const at = grid?.runs.findIndex((run) => run.runId === runId) ?? -1;
    if (!grid || at < 0) return grid;
    return { ...grid, columns: grid.columns.with(at, patchedColumn(grid, grid.columns[at]!, changes)) };
  });
  return isWhole;
}

function patchRun(cache: QueryClient, changes: readonly Change[]): void {
  const change = changes.at(-1)!;
  const state = change.toState as RunState;
  const ended = state === 'success' || state === 'failed';
  const patch = <T extends { state: RunState; startDate: string | null; endDate: string | null }>(
    run: T,
  ): T => ({
    ...run,
    state,
    startDate: startOf(run, state, change.at),
    endDate: ended ? change.at : null,
  });
  cache.setQueryData<Run>(['run', change.dagId, change.runId], (run) => run && patch(run));
  cache.setQueriesData<Grid>({ queryKey: ['grid', change.dagId] }, (grid) =>
    grid?.runs.some((run) => run.runId === change.runId)
      ? { ...grid, runs: grid.runs.map((run) => (run.runId === change.runId ? patch(run) : run)) }
      : grid,
  );
}

/** A run that was cleared starts anew, with the time that it takes. */
function startOf(
  { startDate, endDate }: Pick<Run, 'startDate' | 'endDate'>,
  state: RunState,
  at: string,
): string | null {
  if (state === 'queued') return null;
  return state === 'running' && (startDate === null || endDate !== null) ? at : startDate;
}

const ENDS: ReadonlySet<TaskState> = new Set([
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'removed',
  'up_for_retry',
]);

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
