import type { SerializedError } from '../../errors.ts';
import { instanceEnded } from '../run/advance-run.ts';
import type { Changes } from '../work/changes.ts';
import { type AttemptEnd, closeAttempt } from '../work/close-attempt.ts';
import { moveInstance } from '../work/move-instance.ts';
import { newAttempt } from '../work/new-attempt.ts';
import { newGrant } from '../work/new-grant.ts';
import { tellTask } from '../work/news.ts';
import type { TaskOutcome } from '../work/task-outcome.ts';
import type { AttemptWork, InstanceWork } from '../work/work.ts';
import { grantOnKill, owesOnKill } from './on-kill.ts';
import { attemptStopped } from './stop-instance.ts';
import { attemptDeadline, failedTry, failForGood, succeeded } from './try-end.ts';
import { answered, beginWait, defer, endUndone, isWait, triggerFailed, triggerSkipped } from './waiting.ts';

/**
 * The life of an attempt as the scheduler sees it: admitted, started, ended, lost. Each function is one event for one instance; what
 * it means for the run is `advance-run`'s business.
 */

/** Takes a scheduled instance into the queue: a new attempt, or (after a reschedule) a new grant of the same. */
export function admitInstance(
  instance: InstanceWork,
  nextKey: () => number,
  changes: Changes,
): AttemptWork | null {
  if (instance.task.spec.nothingToDo) {
    instance.startDate = changes.now;
    moveInstance(instance, 'success', changes);
    instanceEnded(instance, changes);
    return null;
  }
  if (isWait(instance)) {
    beginWait(instance, nextKey, changes);
    return null;
  }
  moveInstance(instance, 'queued', changes);
  instance.queuedAt = changes.now;
  if (instance.attempt !== null) return newGrant(instance, 'queued', changes);
  instance.grantNumber += 1;
  instance.attempt = newAttempt(instance, nextKey(), changes);
  instance.attemptId = instance.attempt.attemptId;
  return instance.attempt;
}

/** A grant that no runner acknowledged is granted again: the same attempt, uncounted. */
export function regrant(instance: InstanceWork, changes: Changes): void {
  newGrant(instance, 'queued', changes);
}

export interface AttemptStart {
  readonly atMs: number;
  readonly runnerId: string;
  readonly host: string;
  readonly pid: number;
  readonly log: { readonly segment: string; readonly start: number };
}

/** A runner began the attempt. */
export function attemptStarted(instance: InstanceWork, start: AttemptStart, changes: Changes): void {
  const attempt = instance.attempt!;
  // Its trigger began, which changes nothing.
  if (attempt.state === 'deferred') return;
  if (instance.state === 'queued') moveInstance(instance, 'running', changes);
  if (attempt.state !== 'on_kill') attempt.state = 'running';
  attempt.startDate ??= start.atMs;
  instance.begunAt ??= attempt.startDate;
  instance.startDate = attempt.startDate;
  attempt.runnerId = start.runnerId;
  attempt.host = start.host;
  attempt.pid = start.pid;
  const { segment, start: first } = start.log;
  // Said again after a reconnect, or another call, which writes elsewhere.
  if (attempt.log !== null && (attempt.log.segment !== segment || attempt.log.start !== first))
    callEnded(attempt, null);
  attempt.log = { segment, start: first };
  changes.instances.add(instance);
  changes.attempts.set(attempt, instance);
}

/** The report of an attempt's end. An instance that is being ended from outside takes the state that was decided for it. */
export function attemptEnded(instance: InstanceWork, end: AttemptEnd, changes: Changes): void {
  const { outcome } = end;
  if (instance.attempt!.state === 'on_kill') return onKillEnded(instance, end, changes);
  if (instance.state === 'restarting') {
    // What came to its end by itself in the last moment has nothing to undo.
    const isOver = outcome.kind === 'success' || outcome.kind === 'skipped';
    return !isOver && owesOnKill(instance)
      ? grantOnKill(instance, changes)
      : attemptStopped(instance, end, changes);
  }
  if (instance.state === 'deferred') return triggerEnded(instance, end, changes);
  if (outcome.kind === 'failed' && outcome.error.code === 'execution_timeout' && owesOnKill(instance)) {
    instance.attempt!.pendingError = outcome.error;
    return grantOnKill(instance, changes);
  }
  switch (outcome.kind) {
    case 'success':
      return succeeded(instance, end, outcome, changes);
    case 'skipped':
      closeAttempt(instance, 'skipped', end, null, changes);
      moveInstance(instance, 'skipped', changes, outcome.reason);
      instance.endDate = end.endedAtMs;
      tellTask(instance, 'onSkipped', null, changes);
      return instanceEnded(instance, changes);
    case 'failed':
      closeAttempt(instance, 'failed', end, outcome.error, changes);
      return failedTry(instance, end.endedAtMs, outcome.error, outcome.retryable, changes);
    case 'reschedule':
      callEnded(instance.attempt!, end.logEnd);
      return rescheduled(instance, end, outcome, changes);
    case 'defer':
      callEnded(instance.attempt!, end.logEnd);
      instance.attempt!.savedState = outcome.savedState;
      return defer(instance, outcome.deferral, changes);
  }
}

/** The next call of this attempt writes its lines elsewhere. */
function callEnded(attempt: AttemptWork, end: number | null): void {
  if (attempt.log !== null) attempt.earlierLogs.push({ ...attempt.log, end });
  attempt.log = null;
}

/**
 * The process tree of an attempt is gone and it reported nothing: it starts again, uncounted as a try.
 *
 * @param infraRetries how often an instance starts again so; one loss more fails it. 0: the first one does
 */
export function attemptLost(
  instance: InstanceWork,
  loss: { readonly reason: string; readonly atMs: number },
  infraRetries: number,
  changes: Changes,
): void {
  const end = { endedAtMs: loss.atMs, rendered: null, logEnd: null };
  const attempt = instance.attempt!;
  if (attempt.state === 'on_kill') {
    attempt.onKillLosses += 1;
    if (attempt.onKillLosses <= infraRetries) return grantOnKill(instance, changes);
    const error = { name: 'InfrastructureLost', message: loss.reason };
    return onKillEnded(instance, { ...end, outcome: { kind: 'failed', error, retryable: false } }, changes);
  }
  if (instance.state === 'restarting') {
    return owesOnKill(instance) ? grantOnKill(instance, changes) : attemptStopped(instance, end, changes);
  }
  const error: SerializedError = {
    name: 'InfrastructureLost',
    message: loss.reason,
    code: 'infrastructure_lost',
  };
  closeAttempt(instance, 'lost', end, error, changes);
  // It waited, and its patience would be over some time.
  instance.nextAt = null;
  const attemptId = instance.attemptId!;
  instance.infraNumber += 1;
  const data = { reason: loss.reason, infraNumber: instance.infraNumber };
  changes.event({
    type: 'infra_lost',
    dagId: instance.run.dag.dagId,
    run: instance.run,
    instance,
    attemptId,
    data,
  });
  if (instance.infraNumber > infraRetries) {
    const reason = `${loss.reason}; ${timesLost(instance.infraNumber)}, and starts again at most ${infraRetries} times`;
    return failForGood(instance, loss.atMs, { ...error, message: reason }, changes);
  }
  moveInstance(instance, 'scheduled', changes, loss.reason);
  instance.scheduledAt = changes.now;
  changes.ready.push(instance);
}

/** How often something was lost, in words. */
export const timesLost = (losses: number): string => (losses === 1 ? 'lost once' : `lost ${losses} times`);

function rescheduled(
  instance: InstanceWork,
  end: AttemptEnd,
  outcome: Extract<TaskOutcome, { kind: 'reschedule' }>,
  changes: Changes,
): void {
  const attempt = instance.attempt!;
  attempt.state = 'up_for_reschedule';
  attempt.savedState = outcome.savedState;
  attempt.waiting = { calls: (attempt.waiting?.calls ?? 0) + 1, deferral: null };
  changes.attempts.set(attempt, instance);
  moveInstance(instance, 'up_for_reschedule', changes);
  instance.nextAt = Math.min(Math.max(outcome.atMs, end.endedAtMs), attemptDeadline(instance) ?? Infinity);
  changes.waiting.push(instance);
}

/** `onKill` is done, failed, or out of its time. The attempt ends as was decided before. */
function onKillEnded(instance: InstanceWork, end: AttemptEnd, changes: Changes): void {
  const attempt = instance.attempt!;
  const { outcome } = end;
  const success = outcome.kind === 'success';
  changes.event({
    type: 'on_kill',
    dagId: instance.run.dag.dagId,
    run: instance.run,
    instance,
    attemptId: attempt.attemptId,
    data: outcome.kind === 'failed' ? { success, reason: outcome.error.message } : { success },
  });
  if (instance.state === 'restarting') return attemptStopped(instance, end, changes);
  const error = attempt.pendingError!;
  // What it undid must not be taken over by the next try.
  if (success) attempt.savedState = null;
  endUndone(instance, error, end, changes);
}

/** The report of a trigger. */
function triggerEnded(instance: InstanceWork, { outcome }: AttemptEnd, changes: Changes): void {
  switch (outcome.kind) {
    case 'success':
      return answered(instance, outcome.xcoms.return_value ?? null, changes);
    case 'skipped':
      return triggerSkipped(instance, outcome.reason, changes);
    case 'failed':
      return triggerFailed(instance, outcome.error, outcome.retryable, changes);
    default: {
      const message = 'A trigger can neither be deferred nor be called again: it waits by itself.';
      return triggerFailed(instance, { name: 'TypeError', message }, false, changes);
    }
  }
}
