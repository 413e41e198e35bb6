import type { TaskState } from '../../state/index.ts';
import { instanceEnded, reconsider } from '../run/advance-run.ts';
import { resetInstance } from '../run/reset-instance.ts';
import type { Changes } from '../work/changes.ts';
import { type AttemptEnd, closeAttempt } from '../work/close-attempt.ts';
import { moveInstance } from '../work/move-instance.ts';
import type { InstanceWork } from '../work/work.ts';
import { grantOnKill, owesOnKill, restartWaiting } from './on-kill.ts';

/** What an instance becomes that is ended from outside. */
export type StopTarget = Extract<TaskState, 'none' | 'success' | 'failed' | 'skipped' | 'removed'>;

/**
 * Ends an instance from outside: what is active goes to `restarting` until its process tree is gone, anything else takes
 * `target` at once. `none` means: run again. It is asked again by itself where it had to be ended first; otherwise by the caller, once
 * all that is reset with it is reset and counted: what lies above it may be about to run again too.
 */
export function stopInstance(
  instance: InstanceWork,
  target: StopTarget,
  reason: string,
  changes: Changes,
): void {
  if (instance.state === 'restarting') {
    instance.targetState = target;
    changes.instances.add(instance);
    return;
  }
  if (instance.state === 'queued' || instance.state === 'running') {
    instance.targetState = target;
    moveInstance(instance, 'restarting', changes, reason);
    // An `onKill` that is under way (the try ran out of its time) is what remains to be waited for.
    if (instance.attempt!.state !== 'on_kill')
      changes.cancels.push({ instance, attempt: instance.attempt!, reason });
    return;
  }
  if (instance.attempt !== null) fenceTrigger(instance, changes);
  if (owesOnKill(instance)) {
    instance.targetState = target;
    instance.nextAt = null;
    restartWaiting(instance, reason, changes);
    return grantOnKill(instance, changes);
  }
  if (instance.attempt !== null) {
    closeAttempt(instance, 'killed', { endedAtMs: changes.now, rendered: null, logEnd: null }, null, changes);
  }
  instance.nextAt = null;
  if (target === 'none') resetInstance(instance, reason, changes);
  else takeTarget(instance, target, reason, changes);
}

/** What was being ended is gone: the instance takes the state that was decided for it. */
export function attemptStopped(
  instance: InstanceWork,
  end: Omit<AttemptEnd, 'outcome'>,
  changes: Changes,
): void {
  const { reason } = instance;
  if (instance.attempt !== null) closeAttempt(instance, 'killed', end, null, changes);
  const target = (instance.targetState ?? 'none') as StopTarget;
  instance.targetState = null;
  if (target !== 'none') return takeTarget(instance, target, reason, changes);
  resetInstance(instance, reason, changes);
  reconsider(instance, changes);
}

function takeTarget(
  instance: InstanceWork,
  target: Exclude<StopTarget, 'none'>,
  reason: string | null,
  changes: Changes,
): void {
  if (target === instance.state) return;
  moveInstance(instance, target, changes, reason);
  instanceEnded(instance, changes);
}

/** A deferred instance goes on without its trigger: who runs that may forget it. */
export function fenceTrigger(instance: InstanceWork, changes: Changes): void {
  const attempt = instance.attempt!;
  if (attempt.state !== 'deferred' || attempt.waiting?.deferral?.on.kind !== 'trigger') return;
  changes.fences.push({ instance, attemptId: attempt.attemptId, grantNumber: attempt.grantNumber });
}
