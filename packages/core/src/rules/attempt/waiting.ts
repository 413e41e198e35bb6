import type { Deferral, RunWait } from '../../dag/wait.ts';
import { formatDuration } from '../../duration.ts';
import type { SerializedError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { TaskState } from '../../state/index.ts';
import { instanceEnded } from '../run/advance-run.ts';
import type { Changes } from '../work/changes.ts';
import { type AttemptEnd, closeAttempt } from '../work/close-attempt.ts';
import { moveInstance } from '../work/move-instance.ts';
import { newAttempt } from '../work/new-attempt.ts';
import { newGrant } from '../work/new-grant.ts';
import { tellTask } from '../work/news.ts';
import type { InstanceWork } from '../work/work.ts';
import { grantOnKill, owesOnKill } from './on-kill.ts';
import { type ResolvedRunWait, type RunRequest, resolvedRunWait } from './run-request.ts';
import { fenceTrigger } from './stop-instance.ts';
import { attemptDeadline, failedTry, failForGood, passToRunning, succeeded, waitOver } from './try-end.ts';
import { describeWait, resolvedExternal, waitDueAt } from './wait-due.ts';

/**
 * Waiting without a process: an attempt in the state `deferred` has a row, a due time or an event key, and no slot. Times come from
 * the heap of timers, ends of other DAGs as intents, triggers from their runner; each answer is one event for one instance.
 */

/** Whether a task is nothing but a wait that the scheduler answers by itself. */
export const isWait = ({ task }: InstanceWork): boolean => task.spec.wait != null;

/** Lets a scheduled instance that {@link isWait} wait. No process has part in it, so no limit keeps it from that. */
export function beginWait(instance: InstanceWork, nextKey: () => number, changes: Changes): void {
  const { wait, waitTimeoutMs = null, onWaitTimeout = 'fail' } = instance.task.spec;
  moveInstance(instance, 'queued', changes);
  changes.oweDeferred(instance.inPool!);
  instance.queuedAt = changes.now;
  instance.grantNumber += 1;
  const attempt = instance.attempt ?? newAttempt(instance, nextKey(), changes);
  attempt.grantNumber = instance.grantNumber;
  attempt.startDate ??= changes.now;
  instance.attempt = attempt;
  instance.attemptId = attempt.attemptId;
  instance.begunAt ??= changes.now;
  instance.startDate = attempt.startDate;
  moveInstance(instance, 'running', changes);
  const timeoutAt = waitTimeoutMs === null ? null : instance.begunAt + waitTimeoutMs;
  defer(instance, { on: wait!, timeoutAt, onTimeout: onWaitTimeout, after: 'end' }, changes);
}

/** A running attempt gives its process back until what it waits for has come. */
export function defer(instance: InstanceWork, deferral: Deferral, changes: Changes): void {
  const attempt = instance.attempt!;
  const { run } = instance;
  const on = resolved(deferral.on, instance);
  attempt.state = 'deferred';
  attempt.waiting = { calls: (attempt.waiting?.calls ?? 0) + 1, deferral: { ...deferral, on } };
  changes.attempts.set(attempt, instance);
  if (on.kind === 'trigger') {
    moveInstance(instance, 'deferred', changes, `waits for its trigger ${on.type}`);
    grantTrigger(instance, changes);
    return setTimer(instance, null, changes);
  }
  moveInstance(instance, 'deferred', changes, describeWait(on, run));
  const dueAt = waitDueAt(on, run);
  if (dueAt !== null && dueAt <= changes.now) return answered(instance, null, changes);
  if (on.kind === 'external') {
    const { attemptId, grantNumber } = attempt;
    const watch = { ...on, waiter: run.dag.dagId, attemptId, grantNumber };
    changes.sent.push({
      from: run.dag,
      dagId: on.dagId,
      kind: 'watch',
      payload: watch,
      idempotencyKey: `watch:${attemptId}:${grantNumber}`,
    });
  }
  if (on.kind === 'run') requestRun(instance, on, changes);
  if (on.kind === 'asset') {
    // Committed first, looked for then: no event in between is missed.
    const { attemptId, grantNumber } = attempt;
    changes.sent.push({
      from: run.dag,
      dagId: run.dag.dagId,
      kind: 'asset_look',
      payload: { attemptId, grantNumber },
      idempotencyKey: `asset_look:${attemptId}:${grantNumber}`,
    });
  }
  setTimer(instance, dueAt, changes);
}

/** What is waited for, without reference to who waits. */
function resolved(
  on: Deferral['on'],
  instance: InstanceWork,
): Exclude<Deferral['on'], RunWait> | ResolvedRunWait {
  if (on.kind === 'external') return resolvedExternal(on, instance.run);
  return on.kind === 'run' ? resolvedRunWait(on, instance) : on;
}

function requestRun(instance: InstanceWork, wait: ResolvedRunWait, changes: Changes): void {
  const { run, task } = instance;
  const { attemptId, grantNumber } = instance.attempt!;
  const { dagId } = run.dag;
  const request: RunRequest = {
    ...wait,
    waiter: dagId,
    attemptId,
    grantNumber,
    requestedBy: `task:${dagId}/${task.spec.taskId}/${run.runId}`,
  };
  changes.sent.push({
    from: run.dag,
    dagId: wait.dagId,
    kind: 'request_run',
    payload: request,
    idempotencyKey: `request_run:${attemptId}:${grantNumber}`,
  });
}

/** The run that a deferred instance asked for was refused, or has failed: its try has failed with it. */
export function requestFailed(
  instance: InstanceWork,
  reason: string,
  mayRetry: boolean,
  changes: Changes,
): void {
  failWaiting(
    instance,
    { name: 'RunRequestFailed', code: 'run_request_failed', message: reason },
    mayRetry,
    changes,
  );
}

/** (Again) hands the trigger of a deferred instance to who runs triggers, under a grant of its own. */
export function grantTrigger(instance: InstanceWork, changes: Changes): void {
  const attempt = newGrant(instance, 'deferred', changes);
  changes.triggers.push({ instance, attempt });
}

/** What a deferred instance waited for has come, with a value or without. */
export function answered(instance: InstanceWork, event: Json, changes: Changes): void {
  const attempt = instance.attempt!;
  const { calls, deferral } = attempt.waiting!;
  instance.nextAt = null;
  if (deferral!.after === 'end') {
    const xcoms: { readonly [key: string]: Json } = event === null ? {} : { return_value: event };
    const end = { endedAtMs: changes.now, rendered: null, logEnd: null };
    return succeeded(instance, end, { xcoms }, changes);
  }
  attempt.waiting = { calls, deferral, event };
  waitOver(instance, changes);
}

/** What a deferred instance waited for will not come: for good, so no retry. */
export function gaveUp(instance: InstanceWork, reason: string, changes: Changes): void {
  const { onTimeout } = instance.attempt!.waiting!.deferral!;
  fenceTrigger(instance, changes);
  instance.nextAt = null;
  const code = onTimeout === 'skip' ? WAIT_SKIPPED : WAIT_FAILED;
  const error: SerializedError = { name: 'WaitFailed', code, message: reason };
  if (owesOnKill(instance)) {
    passToRunning(instance, reason, changes);
    return undoFirst(instance, error, changes);
  }
  endWait(instance, error, { endedAtMs: changes.now, rendered: null, logEnd: null }, changes);
}

/** How a wait ended that was given up: these codes stand in its attempt while its `onKill` is under way. */
const WAIT_FAILED = 'wait_failed';
const WAIT_SKIPPED = 'wait_skipped';

/**
 * Ends a try that was decided to end before its `onKill` was done, as it would have ended without one: its wait was given up, which no
 * retry helps, or it ran out of its time.
 */
export function endUndone(
  instance: InstanceWork,
  error: SerializedError,
  end: Omit<AttemptEnd, 'outcome'>,
  changes: Changes,
): void {
  if (error.code === WAIT_FAILED || error.code === WAIT_SKIPPED)
    return endWait(instance, error, end, changes);
  closeAttempt(instance, 'failed', end, error, changes);
  failedTry(instance, end.endedAtMs, error, true, changes);
}

function endWait(
  instance: InstanceWork,
  error: SerializedError,
  end: Omit<AttemptEnd, 'outcome'>,
  changes: Changes,
): void {
  if (error.code === WAIT_SKIPPED) {
    closeAttempt(instance, 'skipped', end, null, changes);
    return skipNow(instance, error.message, changes);
  }
  closeAttempt(instance, 'failed', end, error, changes);
  failForGood(instance, end.endedAtMs, error, changes);
}

/** Its `onKill` comes first, in a slot that it takes even where none is free; `error` says how the try ends then. */
function undoFirst(instance: InstanceWork, error: SerializedError, changes: Changes): void {
  instance.attempt!.pendingError = error;
  changes.owe(instance.occupied!);
  grantOnKill(instance, changes);
}

/** Its trigger threw `TaskSkipped`. */
export function triggerSkipped(instance: InstanceWork, reason: string, changes: Changes): void {
  instance.nextAt = null;
  const end = { endedAtMs: changes.now, rendered: null, logEnd: null };
  closeAttempt(instance, 'skipped', end, null, changes);
  skipNow(instance, reason, changes);
}

function skipNow(instance: InstanceWork, reason: string, changes: Changes): void {
  moveInstance(instance, 'skipped', changes, reason);
  tellTask(instance, 'onSkipped', null, changes);
  instanceEnded(instance, changes);
}

/** Its patience is over and it goes on all the same, saying so to whoever comes after it. */
function continued(instance: InstanceWork, changes: Changes): void {
  fenceTrigger(instance, changes);
  instance.nextAt = null;
  const end = { endedAtMs: changes.now, rendered: null, logEnd: null };
  succeeded(instance, end, { xcoms: { timed_out: true } }, changes);
}

/** The trigger of a deferred instance threw: the try has failed. */
export function triggerFailed(
  instance: InstanceWork,
  error: SerializedError,
  retryable: boolean,
  changes: Changes,
): void {
  failWaiting(instance, error, retryable, changes);
}

/** A due time of an instance: of its wait, of its patience, of its try, or of its next call. Nothing, when it waits no longer. */
export function timeCame(instance: InstanceWork, changes: Changes): void {
  const { now } = changes;
  if (!WAITING.includes(instance.state)) return;
  const deferral = instance.state === 'deferred' ? instance.attempt!.waiting!.deferral! : null;
  if (deferral !== null && deferral.on.kind !== 'trigger') {
    const dueAt = waitDueAt(deferral.on, instance.run);
    if (dueAt !== null && dueAt <= now) return answered(instance, null, changes);
  }
  const deadline = instance.state === 'up_for_retry' ? null : attemptDeadline(instance);
  if (deadline !== null && deadline <= now) return outOfTime(instance, changes);
  if (deferral === null) return waitOver(instance, changes);
  if (deferral.onTimeout === 'continue') return continued(instance, changes);
  gaveUp(instance, `what it waits for did not come in time: it ${instance.reason ?? 'waits'}`, changes);
}

const WAITING: readonly TaskState[] = ['deferred', 'up_for_retry', 'up_for_reschedule'];

function setTimer(instance: InstanceWork, dueAt: number | null, changes: Changes): void {
  const { timeoutAt } = instance.attempt!.waiting!.deferral!;
  const next = Math.min(
    dueAt ?? Number.POSITIVE_INFINITY,
    timeoutAt ?? Number.POSITIVE_INFINITY,
    attemptDeadline(instance) ?? Number.POSITIVE_INFINITY,
  );
  instance.nextAt = Number.isFinite(next) ? next : null;
  if (instance.nextAt !== null) changes.waiting.push(instance);
}

/** The `executionTimeout` of a try passed while it waited: as if its code had been called and had run out of time. */
function outOfTime(instance: InstanceWork, changes: Changes): void {
  const limit = formatDuration(instance.task.spec.executionTimeoutMs!);
  const message = `The task took longer than its executionTimeout of ${limit}, waiting included.`;
  fenceTrigger(instance, changes);
  failWaiting(instance, { name: 'ExecutionTimeoutError', code: 'execution_timeout', message }, true, changes);
}

/** Fails a try that waits. No slot is taken but for an `onKill`. */
function failWaiting(
  instance: InstanceWork,
  error: SerializedError,
  retryable: boolean,
  changes: Changes,
): void {
  instance.nextAt = null;
  passToRunning(instance, null, changes);
  if (error.code === 'execution_timeout' && owesOnKill(instance)) return undoFirst(instance, error, changes);
  const end = { endedAtMs: changes.now, rendered: null, logEnd: null };
  closeAttempt(instance, 'failed', end, error, changes);
  failedTry(instance, changes.now, error, retryable, changes);
}
