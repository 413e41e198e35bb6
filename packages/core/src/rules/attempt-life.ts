import { type SerializedError, serializeError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { TaskState } from '../state/index.ts';
import {
  instanceEnded,
  instancesEnded,
  notChosen,
  reconsider,
  shortCircuited,
  skipByDecision,
} from './advance-run.ts';
import type { Changes } from './changes.ts';
import { failFast } from './fail-fast.ts';
import { endAttempt, moveInstance } from './instance-state.ts';
import { tellTask } from './news.ts';
import { grantOnKill, owesOnKill, restartWaiting } from './on-kill.ts';
import { mayRetry, retryDelayMs } from './retry.ts';
import type { TaskDecision, TaskOutcome } from './task-outcome.ts';
import type { AttemptWork, InstanceWork } from './work.ts';

/**
 * The life of an attempt as the scheduler sees it: admitted, started, ended, lost. Each function is one event for one instance; what
 * it means for the run is `advance-run`'s business.
 */

/** XComs above this many characters are read back from the database instead of being kept in memory. */
const MAX_KEPT_OUTPUT = 65_536;

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
  moveInstance(instance, 'queued', changes);
  instance.queuedAt = changes.now;
  instance.grantNumber += 1;
  if (instance.attempt !== null) {
    instance.attempt.state = 'queued';
    instance.attempt.grantNumber = instance.grantNumber;
    changes.attempts.set(instance.attempt, instance);
    return instance.attempt;
  }
  instance.attempt = newAttempt(instance, nextKey(), changes);
  instance.attemptId = instance.attempt.attemptId;
  return instance.attempt;
}

/** A grant that no runner acknowledged is granted again: the same attempt, uncounted. */
export function regrant(instance: InstanceWork, changes: Changes): void {
  const attempt = instance.attempt!;
  instance.grantNumber += 1;
  attempt.grantNumber = instance.grantNumber;
  attempt.state = 'queued';
  attempt.runnerId = null;
  changes.attempts.set(attempt, instance);
  changes.instances.add(instance);
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
  if (instance.state === 'queued') moveInstance(instance, 'running', changes);
  if (attempt.state !== 'on_kill') attempt.state = 'running';
  attempt.startDate ??= start.atMs;
  instance.begunAt ??= attempt.startDate;
  instance.startDate = attempt.startDate;
  attempt.runnerId = start.runnerId;
  attempt.host = start.host;
  attempt.pid = start.pid;
  attempt.log ??= { segment: start.log.segment, start: start.log.start };
  changes.instances.add(instance);
  changes.attempts.set(attempt, instance);
}

export interface AttemptEnd {
  readonly endedAtMs: number;
  readonly outcome: TaskOutcome;
  readonly rendered: JsonObject | null;
  readonly logEnd: number | null;
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
  if (outcome.kind === 'failed' && outcome.error.code === 'execution_timeout' && owesOnKill(instance)) {
    instance.attempt!.pendingError = outcome.error;
    return grantOnKill(instance, changes);
  }
  switch (outcome.kind) {
    case 'success':
      return succeeded(instance, end, outcome.xcoms, outcome.decision, changes);
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
      return rescheduled(instance, end, outcome, changes);
  }
}

/** The process tree of an attempt is gone and it reported nothing. */
export function attemptLost(
  instance: InstanceWork,
  loss: { readonly reason: string; readonly atMs: number },
  infraCap: number,
  changes: Changes,
): void {
  const end = { endedAtMs: loss.atMs, rendered: null, logEnd: null };
  const attempt = instance.attempt!;
  if (attempt.state === 'on_kill') {
    attempt.onKillLosses += 1;
    if (attempt.onKillLosses < infraCap) return grantOnKill(instance, changes);
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
  if (instance.infraNumber >= infraCap) {
    const reason = `${loss.reason}; lost ${instance.infraNumber} times, which is the cap`;
    return failForGood(instance, loss.atMs, { ...error, message: reason }, changes);
  }
  moveInstance(instance, 'scheduled', changes, loss.reason);
  instance.scheduledAt = changes.now;
  changes.ready.push(instance);
}

/** The time of a waiting instance has come: the retry delay is over, or it asked to be called again now. */
export function waitOver(instance: InstanceWork, changes: Changes): void {
  instance.nextAt = null;
  if (instance.state === 'up_for_retry') instance.tryNumber += 1;
  moveInstance(instance, 'scheduled', changes);
  instance.scheduledAt = changes.now;
  changes.ready.push(instance);
}

/**
 * Ends an instance from outside: what is active goes to `restarting` until its process tree is gone, anything else takes
 * `target` at once. `none` means: run again.
 */
export function stopInstance(
  instance: InstanceWork,
  target: Extract<TaskState, 'none' | 'success' | 'failed' | 'skipped'>,
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
  takeTarget(instance, target, reason, changes);
}

function newAttempt(instance: InstanceWork, attemptId: number, changes: Changes): AttemptWork {
  const attempt: AttemptWork = {
    attemptId,
    grantNumber: instance.grantNumber,
    storedGrant: instance.grantNumber,
    state: 'queued',
    tryNumber: instance.tryNumber,
    infraNumber: instance.infraNumber,
    version: instance.run.graph.version,
    queuedAt: changes.now,
    startDate: null,
    runnerId: null,
    host: null,
    pid: null,
    processGroups: [],
    log: null,
    savedState: instance.savedState,
    waiting: null,
    pendingError: null,
    onKillLosses: 0,
  };
  instance.savedState = null;
  changes.newAttempts.push({ instance, attempt });
  return attempt;
}

function succeeded(
  instance: InstanceWork,
  end: AttemptEnd,
  xcoms: { readonly [key: string]: Json },
  decision: TaskDecision | undefined,
  changes: Changes,
): void {
  const wrong = decision?.kind === 'branch' ? unknownChoice(instance, decision.chosen) : undefined;
  if (wrong !== undefined) {
    const error = serializeError(new Error(wrong));
    closeAttempt(instance, 'failed', end, error, changes);
    return failedTry(instance, end.endedAtMs, error, false, changes);
  }
  closeAttempt(instance, 'success', end, null, changes);
  pushXcoms(instance, xcoms, changes);
  moveInstance(instance, 'success', changes);
  instance.endDate = end.endedAtMs;
  tellTask(instance, 'onSuccess', null, changes);
  const skipped = decision === undefined ? [] : applyDecision(instance, decision, changes);
  instancesEnded(instance.run, [instance, ...skipped], changes);
}

function pushXcoms(instance: InstanceWork, xcoms: { readonly [key: string]: Json }, changes: Changes): void {
  const { dagId } = instance.run.dag;
  let size = 0;
  for (const key in xcoms) {
    const value = JSON.stringify(xcoms[key]);
    size += value.length;
    changes.xcoms.push({ dagId, attemptId: instance.attemptId!, key, value });
  }
  instance.outputs = instance.task.consumers.length > 0 && size <= MAX_KEPT_OUTPUT ? xcoms : null;
}

function applyDecision(
  instance: InstanceWork,
  decision: TaskDecision,
  changes: Changes,
): readonly InstanceWork[] {
  const { run, task } = instance;
  if (decision.kind === 'branch') {
    return skipByDecision(notChosen(run, task, chosenIndexes(instance, decision.chosen)), task, changes);
  }
  return decision.proceed ? [] : skipByDecision(shortCircuited(run, task), task, changes);
}

function chosenIndexes({ run, task }: InstanceWork, chosen: readonly string[]): Set<number> {
  const ids = new Set(chosen);
  const inChosenGroup = (taskId: string) => chosen.some((id) => taskId.startsWith(`${id}.`));
  return new Set(
    task.downstream.filter((i) => {
      const { taskId } = run.graph.tasks[i]!.spec;
      return ids.has(taskId) || inChosenGroup(taskId);
    }),
  );
}

function unknownChoice({ run, task }: InstanceWork, chosen: readonly string[]): string | undefined {
  const known = task.downstream.map((i) => run.graph.tasks[i]!.spec.taskId);
  const unknown = chosen.find(
    (id) => !known.includes(id) && !known.some((taskId) => taskId.startsWith(`${id}.`)),
  );
  if (unknown === undefined) return undefined;
  return `${task.spec.taskId} chose "${unknown}", which is not directly downstream of it. Possible: ${known.join(', ')}.`;
}

function failedTry(
  instance: InstanceWork,
  endedAtMs: number,
  error: SerializedError,
  retryable: boolean,
  changes: Changes,
): void {
  const { run, task } = instance;
  if (retryable && mayRetry(instance.tryNumber, instance.maxTries)) {
    const { dagId } = run.dag;
    const identity = {
      dagId,
      taskId: task.spec.taskId,
      logicalDate: run.logicalDate,
      tryNumber: instance.tryNumber,
    };
    moveInstance(instance, 'up_for_retry', changes, error.message);
    instance.endDate = endedAtMs;
    instance.nextAt = endedAtMs + retryDelayMs(task.spec, identity);
    changes.waiting.push(instance);
    tellTask(instance, 'onRetry', error, changes);
    return;
  }
  failForGood(instance, endedAtMs, error, changes);
}

/** No try is left: its callbacks are called, and a DAG that fails fast ends the rest of the run. */
function failForGood(
  instance: InstanceWork,
  endedAtMs: number,
  error: SerializedError,
  changes: Changes,
): void {
  moveInstance(instance, 'failed', changes, error.message);
  instance.endDate = endedAtMs;
  tellTask(instance, 'onFailure', error, changes);
  const { graph } = instance.run;
  if (!graph.dag.failFast || instance.task.spec.isTeardown) return instanceEnded(instance, changes);
  const { skipped, active } = failFast(instance, changes);
  instancesEnded(instance.run, [instance, ...skipped], changes);
  // Afterwards, since one of them may end at once: the run must not look over before what was skipped is counted.
  for (const { instance: other, target, reason } of active) stopInstance(other, target, reason, changes);
}

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

/** When the attempt runs out of its `executionTimeout`, waiting included; null: it has none, or has not begun. */
export function attemptDeadline({ attempt, task }: InstanceWork): number | null {
  const limit = task.spec.executionTimeoutMs;
  return limit === null || attempt?.startDate == null ? null : attempt.startDate + limit;
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
  closeAttempt(instance, 'failed', end, error, changes);
  failedTry(instance, end.endedAtMs, error, true, changes);
}

/** What was being ended is gone: the instance takes the state that was decided for it. */
function attemptStopped(instance: InstanceWork, end: Omit<AttemptEnd, 'outcome'>, changes: Changes): void {
  const { reason } = instance;
  if (instance.attempt !== null) closeAttempt(instance, 'killed', end, null, changes);
  const target = (instance.targetState ?? 'none') as 'none' | 'success' | 'failed' | 'skipped';
  instance.targetState = null;
  takeTarget(instance, target, reason, changes);
}

function takeTarget(
  instance: InstanceWork,
  target: 'none' | 'success' | 'failed' | 'skipped',
  reason: string | null,
  changes: Changes,
): void {
  if (target === instance.state) return;
  const waits = instance.state === 'up_for_reschedule' || instance.state === 'deferred';
  if (target === 'none' && waits) moveInstance(instance, 'restarting', changes, reason);
  if (target !== 'none') {
    moveInstance(instance, target, changes, reason);
    return instanceEnded(instance, changes);
  }
  instance.begunAt = null;
  instance.startDate = null;
  instance.endDate = null;
  instance.outputs = null;
  moveInstance(instance, 'none', changes);
  reconsider(instance, changes);
}

function closeAttempt(
  instance: InstanceWork,
  state: Changes['endedAttempts'][number]['state'],
  end: Omit<AttemptEnd, 'outcome'>,
  error: SerializedError | null,
  changes: Changes,
): void {
  const { endedAtMs, rendered, logEnd } = end;
  endAttempt(instance, { state, endDate: endedAtMs, error, rendered, logEnd }, changes);
}
