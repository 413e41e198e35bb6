import { isFinished } from '../../state/index.ts';
import type { Changes } from '../work/changes.ts';
import { noteEndedWithRun } from '../work/decision.ts';
import { instancesOf } from '../work/map-scope.ts';
import { moveInstance } from '../work/move-instance.ts';
import type { InstanceWork } from '../work/work.ts';

/** An instance that is active and has to be ended from outside, and what it becomes then. */
export interface FastEnd {
  readonly instance: InstanceWork;
  readonly target: 'failed' | 'skipped';
  readonly reason: string;
}

/**
 * A DAG that fails fast, when `failed` has no try left: running tasks are to be ended as failed, all others that
 * have not ended are skipped, teardowns still run, and the run fails. What has no attempt is skipped here; what has one is named for
 * the caller.
 */
export function failFast(
  failed: InstanceWork,
  changes: Changes,
): { skipped: InstanceWork[]; active: FastEnd[] } {
  const reason = `${failed.task.spec.taskId} failed, and the DAG fails fast`;
  // Its leaves may all be skipped by this, which would make the run a success.
  changes.touchRun(failed.run);
  failed.run.targetState = 'failed';
  failed.run.reason = reason;
  const skipped: InstanceWork[] = [];
  const active: FastEnd[] = [];
  for (const instance of instancesOf(failed.run)) {
    if (isFinished(instance.state) || instance.task.spec.isTeardown) continue;
    // What a person set keeps the state that it is to have.
    if (instance.state === 'restarting' && instance.targetState !== 'none') continue;
    noteEndedWithRun(instance);
    if (instance.attempt !== null) {
      const target = instance.state === 'running' ? 'failed' : 'skipped';
      active.push({ instance, target, reason });
      continue;
    }
    instance.nextAt = null;
    moveInstance(instance, 'skipped', changes, reason);
    skipped.push(instance);
  }
  return { skipped, active };
}
