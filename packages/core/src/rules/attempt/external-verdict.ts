import type { ExternalWait } from '../../dag/wait.ts';
import type { RunWork } from '../work/work.ts';

/** What was found of a run that is waited for: the states of what is looked at in it, each with its name. */
export type FoundStates = readonly (readonly [name: string, state: string])[];

/** `wait`: not yet. Failed: what is named first has ended in a state that fails the wait. */
export type ExternalVerdict =
  | { readonly kind: 'wait' }
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly at: number; readonly name: string; readonly state: string };

/**
 * What the states of runs, or of tasks in them, mean for a wait for all of them.
 *
 * @param found of each run that is meant; empty: there is no such run yet
 */
export function externalVerdict(
  { allowedStates, failedStates }: Pick<ExternalWait, 'allowedStates' | 'failedStates'>,
  found: readonly FoundStates[],
): ExternalVerdict {
  const has = (states: readonly string[], state: string) => states.includes(state);
  for (const [at, states] of found.entries()) {
    const failed = states.find(([, state]) => has(failedStates, state));
    if (failed !== undefined) return { kind: 'failed', at, name: failed[0], state: failed[1] };
  }
  const passed = found.every(
    (states) => states.length > 0 && states.every(([, state]) => has(allowedStates, state)),
  );
  return passed ? { kind: 'passed' } : { kind: 'wait' };
}

/** What a wait looks at in a run, its tasks or itself: costs the instances of these tasks, never the run. */
export function statesIn(run: RunWork, taskIds: readonly string[] | null): FoundStates {
  if (taskIds === null) return [runState(run)];
  const { graph, tasks } = run;
  return taskStates(taskIds, (taskId) => tasks[graph.indexOf.get(taskId) ?? -1]?.root.instances ?? []);
}

/** The run itself, as a wait looks at it. */
export const runState = ({ state }: { readonly state: string }) => ['the run', state] as const;

/** Tasks by their instances. One that is not there has no state yet. */
export function taskStates(
  taskIds: readonly string[],
  instancesOf: (taskId: string) => readonly { readonly state: string }[],
): FoundStates {
  return taskIds.flatMap((taskId) => {
    const instances = instancesOf(taskId);
    if (instances.length === 0) return [[taskId, 'none'] as const];
    return instances.map(({ state }) => [taskId, state] as const);
  });
}
