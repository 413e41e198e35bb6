import { isFinished } from '../../state/index.ts';
import { finishRunIfOver } from '../run/run-outcome.ts';
import type { Changes } from '../work/changes.ts';
import { noteEndedWithRun } from '../work/decision.ts';
import { instancesOf } from '../work/map-scope.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';
import { stopInstance } from './stop-instance.ts';

/** Ends a run at its time limit: what is active is ended, what has not begun is skipped, the run fails. */
export function timeOutRun(run: RunWork, changes: Changes): void {
  const reason = `the run took longer than its limit of ${run.graph.dag.dagRunTimeoutMs! / 1000} s`;
  changes.touchRun(run);
  run.targetState = 'failed';
  run.reason = reason;
  endWithRun(run, () => 'skipped', reason, changes);
  finishRunIfOver(run, changes);
}

/**
 * Ends all that has not ended, the last tasks first: so none of them is decided by what is above it, which ends with it. What
 * a person set while it was being ended keeps that state.
 */
export function endWithRun(
  run: RunWork,
  endOf: (instance: InstanceWork) => 'failed' | 'skipped',
  reason: string,
  changes: Changes,
): void {
  const open = [...instancesOf(run)].filter(({ state }) => !isFinished(state));
  for (const instance of open.reverse()) {
    if (instance.state === 'restarting' && instance.targetState !== 'none') continue;
    const target = endOf(instance);
    if (target === 'skipped') noteEndedWithRun(instance);
    stopInstance(instance, target, reason, changes);
  }
}
