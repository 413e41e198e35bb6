import { assertLegalPath, assertLegalRunTransition, type RunState, type TaskState } from '../state/index.ts';
import { CompareAndSetError } from './store-errors.ts';
import type { DagEffects, NewEvent, Turn } from './turn.ts';

/**
 * The gate that every change of state passes: each step must be in the table of legal transitions, and no row is changed twice in
 * one turn. Where several steps were taken within the turn, the events name them: a task's `path`, a run's in their order. Pure; throws before anything is written.
 */
export function assertLegalTurn(turn: Turn): void {
  for (const effects of turn.dags) {
    assertLegalRuns(effects);
    assertLegalTasks(effects);
    assertOnce(
      'attempt',
      effects.attemptsUpdated.map((attempt) => attempt.attemptId),
    );
  }
}

function assertLegalRuns({ runsUpdated, events }: DagEffects): void {
  for (const run of runsUpdated) {
    if (run.from === run.state) continue;
    const steps = events.filter((event) => event.type === 'run_state' && event.runKey === run.key);
    let at = run.from;
    for (const { toState } of steps) {
      if (toState === null || toState === at) continue;
      assertLegalRunTransition(`Run ${run.key}`, at as RunState, toState as RunState);
      at = toState;
    }
    if (at !== run.state) assertLegalRunTransition(`Run ${run.key}`, at as RunState, run.state as RunState);
  }
  assertOnce(
    'dag_run',
    runsUpdated.map((run) => run.key),
  );
}

function assertLegalTasks({ tasksInserted, tasksUpdated, events }: DagEffects): void {
  if (tasksInserted.length === 0 && tasksUpdated.length === 0) return;
  const paths = pathsOf(events);
  for (const task of tasksInserted) assertLegalMove(task.key, 'none', task.state, paths.get(task.key));
  for (const task of tasksUpdated) assertLegalMove(task.key, task.from, task.state, paths.get(task.key));
  assertOnce(
    'task_instance',
    tasksUpdated.map((task) => task.key),
  );
}

function assertLegalMove(key: number, from: string, to: string, path: readonly string[] | undefined): void {
  if (path === undefined && from === to) return;
  const steps = path ?? [];
  const inner = steps.slice(steps[0] === from ? 1 : 0, steps.at(-1) === to ? -1 : undefined);
  assertLegalPath(`Task instance ${key}`, [from, ...inner, to] as TaskState[]);
}

function pathsOf(events: readonly NewEvent[]): ReadonlyMap<number, readonly string[]> {
  const paths = new Map<number, readonly string[]>();
  for (const event of events) {
    if (event.type !== 'task_state' || event.taskInstanceKey === null) continue;
    if (!event.data?.includes('"path"')) continue;
    const { path } = JSON.parse(event.data) as { path?: readonly string[] };
    if (path !== undefined) paths.set(event.taskInstanceKey, path);
  }
  return paths;
}

function assertOnce(table: string, keys: readonly number[]): void {
  if (new Set(keys).size === keys.length) return;
  const seen = new Set<number>();
  const twice = keys.find((key) => seen.size === seen.add(key).size);
  throw new CompareAndSetError(table, twice ?? 0, 'one change a turn', 'two');
}
