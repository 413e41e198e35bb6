import type { ExternalRuns, ExternalWait } from '../../dag/wait.ts';
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

/** Whether a run is among those that a wait means, by what the run is: of several for a time, each. */
export function meansRun(
  which: ExternalRuns,
  { runId, logicalDate }: Pick<RunWork, 'runId' | 'logicalDate'>,
): boolean {
  if (which.match === 'run') return which.runId === runId;
  if (which.match === 'between') return logicalDate >= which.from && logicalDate <= which.to;
  return which.match === 'dates' && which.dates.some((date) => Date.parse(date) === logicalDate);
}
