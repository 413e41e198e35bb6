import type { EmittedAssetEvent } from '../../assets/index.ts';
import { type SerializedError, serializeError } from '../../errors.ts';
import type { Json } from '../../json.ts';
import type { Choice } from '../graph/dag-graph.ts';
import { continueGroups, instanceEnded, instancesEnded } from '../run/advance-run.ts';
import { notChosen, shortCircuited, sidesNotChosen, skipByDecision } from '../run/decided-skips.ts';
import { failFast } from '../run/fail-fast.ts';
import { isHeldBack } from '../run/group-restart.ts';
import { listLengths, listProblem } from '../run/list-output.ts';
import { untilProblem } from '../run/loop-step.ts';
import type { Changes } from '../work/changes.ts';
import { type AttemptEnd, closeAttempt } from '../work/close-attempt.ts';
import { decidersOf, forgetSkippedBy, noteUntil } from '../work/decision.ts';
import { relevantInstances } from '../work/map-scope.ts';
import { moveInstance } from '../work/move-instance.ts';
import { tellTask } from '../work/news.ts';
import type { TaskDecision, TaskOutcome } from '../work/task-outcome.ts';
import type { InstanceWork } from '../work/work.ts';
import { beginGroupRetry, groupToRetry } from './group-retry.ts';
import { mayRetry, retryDelayMs } from './retry.ts';
import { stopInstance } from './stop-instance.ts';

/** XComs above this many characters are read back from the database instead of being kept in memory. */
const MAX_KEPT_OUTPUT = 65_536;

/** What a try that succeeded says. */
type Success = Omit<Extract<TaskOutcome, { kind: 'success' }>, 'kind'>;

/** The end of a try that succeeded: its values, its decision, its outlets, and what they mean for the run. */
export function succeeded(
  instance: InstanceWork,
  end: Omit<AttemptEnd, 'outcome'>,
  { xcoms, decision, assetEvents = [] }: Success,
  changes: Changes,
): void {
  const wrong = decision?.kind === 'branch' ? unknownChoice(instance, decision.chosen) : undefined;
  if (wrong !== undefined) {
    const error = serializeError(new Error(wrong));
    closeAttempt(instance, 'failed', end, error, changes);
    return failedTry(instance, end.endedAtMs, error, false, changes);
  }
  const goesNoFurther = decision?.kind === 'until' && !decision.isMet ? untilProblem(instance) : undefined;
  if (goesNoFurther !== undefined) {
    const error = serializeError(new Error(goesNoFurther));
    closeAttempt(instance, 'failed', end, error, changes);
    return failedTry(instance, end.endedAtMs, error, false, changes);
  }
  const notMappable = listProblem(instance, xcoms);
  if (notMappable !== undefined) {
    if (instance.state === 'deferred') passToRunning(instance, null, changes);
    const error = serializeError(new Error(notMappable));
    closeAttempt(instance, 'failed', end, error, changes);
    return failedTry(instance, end.endedAtMs, error, true, changes);
  }
  closeAttempt(instance, 'success', end, null, changes);
  pushXcoms(instance, xcoms, changes);
  noteAssetEvents(instance, assetEvents, changes);
  moveInstance(instance, 'success', changes);
  instance.endDate = end.endedAtMs;
  tellTask(instance, 'onSuccess', null, changes);
  const skipped = decision === undefined ? [] : applyDecision(instance, decision, changes);
  instancesEnded(instance.run, [instance, ...skipped], changes);
}

/** One event for each outlet, or those that the task emitted for it. */
function noteAssetEvents(
  instance: InstanceWork,
  emitted: readonly EmittedAssetEvent[],
  changes: Changes,
): void {
  for (const asset of instance.task.spec.outlets ?? []) {
    const events = emitted.filter((event) => event.asset === asset);
    if (events.length === 0)
      changes.assetEvents.push({ eventId: 0, instance, asset, extra: {}, partition: null });
    for (const event of events) changes.assetEvents.push({ eventId: 0, instance, ...event });
  }
}

function pushXcoms(instance: InstanceWork, xcoms: { readonly [key: string]: Json }, changes: Changes): void {
  const { dagId } = instance.run.dag;
  let size = 0;
  for (const key in xcoms) {
    const value = JSON.stringify(xcoms[key]);
    size += value.length;
    changes.xcoms.push({ dagId, attemptId: instance.attemptId!, key, value });
  }
  const { consumers, sourceOf } = instance.task;
  instance.listLengths = listLengths(instance, xcoms);
  // Each instance that is mapped over a list is granted one element of it: read once, not for each of them.
  const isKept = sourceOf.length > 0 || (consumers.length > 0 && size <= MAX_KEPT_OUTPUT);
  instance.outputs = isKept ? xcoms : null;
}

function applyDecision(
  instance: InstanceWork,
  decision: TaskDecision,
  changes: Changes,
): readonly InstanceWork[] {
  if (decision.kind === 'until') {
    noteUntil(instance, decision.isMet);
    return [];
  }
  const skipped = skippedByIt(instance, decision);
  if (instance.tryNumber > 1) takeBackDecision(instance, decision, new Set(skipped), changes);
  return skipByDecision(skipped, instance, changes);
}

/** It may have decided before, and been cleared since: what it does not skip any more is free to run when somebody clears that, too. */
function takeBackDecision(
  decider: InstanceWork,
  decision: Exclude<TaskDecision, { kind: 'until' }>,
  skipped: ReadonlySet<InstanceWork>,
  changes: Changes,
): void {
  const { index, spec } = decider.task;
  for (const instance of maySkip(decider, decision)) {
    if (skipped.has(instance) || !decidersOf(instance).includes(spec.taskId)) continue;
    // Another index of it may say so still.
    if (relevantInstances(instance, index).length > 1) continue;
    forgetSkippedBy(instance, (deciderId) => deciderId === spec.taskId);
    changes.instances.add(instance);
  }
}

/** All that a task could decide to skip. */
function maySkip(
  decider: InstanceWork,
  { kind }: Exclude<TaskDecision, { kind: 'until' }>,
): readonly InstanceWork[] {
  if (kind === 'short_circuit') return shortCircuited(decider);
  if (decider.task.sides !== null) return sidesNotChosen(decider, []);
  return decider.task.downstream.flatMap((index) => relevantInstances(decider, index));
}

function skippedByIt(
  instance: InstanceWork,
  decision: Exclude<TaskDecision, { kind: 'until' }>,
): readonly InstanceWork[] {
  if (decision.kind === 'short_circuit') return decision.proceed ? [] : shortCircuited(instance);
  if (instance.task.sides !== null) return sidesNotChosen(instance, decision.chosen);
  return notChosen(instance, chosenIndexes(instance, decision.chosen));
}

function chosenIndexes({ task }: InstanceWork, chosen: readonly string[]): Set<number> {
  const isChosen = ({ taskId }: Choice) => chosen.some((id) => taskId === id || taskId.startsWith(`${id}.`));
  return new Set(task.choices.filter(isChosen).flatMap(({ leadsTo }) => leadsTo));
}

function unknownChoice({ task }: InstanceWork, chosen: readonly string[]): string | undefined {
  if (task.sides !== null) {
    const unknown = chosen.find((name) => !task.sides!.has(name));
    if (unknown === undefined) return undefined;
    return `${task.spec.taskId} chose "${unknown}", which is none of its sides: ${[...task.sides.keys()].join(', ')}.`;
  }
  const known = task.choices.map(({ taskId }) => taskId);
  const unknown = chosen.find(
    (id) => !known.includes(id) && !known.some((taskId) => taskId.startsWith(`${id}.`)),
  );
  if (unknown === undefined) return undefined;
  return `${task.spec.taskId} chose "${unknown}", which is not directly downstream of it. Possible: ${known.join(', ')}.`;
}

/** A try that waits is about to fail: the states on the way to running are passed in this turn, and no slot stays taken. */
export function passToRunning(instance: InstanceWork, reason: string | null, changes: Changes): void {
  for (const state of ['scheduled', 'queued', 'running'] as const)
    moveInstance(instance, state, changes, reason);
}

/** A try has failed and its attempt is closed: another one follows after its delay, or the instance has failed. */
export function failedTry(
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

/** No try is left: a group around it begins again; else its callbacks are called, and a DAG that fails fast ends the rest of the run. */
export function failForGood(
  instance: InstanceWork,
  endedAtMs: number,
  error: SerializedError,
  changes: Changes,
): void {
  const group = groupToRetry(instance);
  if (group !== undefined) return beginGroupRetry(group, instance, endedAtMs, error, changes);
  moveInstance(instance, 'failed', changes, error.message);
  instance.endDate = endedAtMs;
  tellTask(instance, 'onFailure', error, changes);
  if (isHeldBack(instance)) return instanceEnded(instance, changes);
  const { graph } = instance.run;
  if (!graph.dag.failFast || instance.task.spec.isTeardown) return instanceEnded(instance, changes);
  const { skipped, active } = failFast(instance, changes);
  instancesEnded(instance.run, [instance, ...skipped], changes);
  // Afterwards, since one of them may end at once: the run must not look over before what was skipped is counted.
  for (const { instance: other, target, reason } of active) stopInstance(other, target, reason, changes);
}

/** When the attempt runs out of its `executionTimeout`, waiting included; null: it has none, or has not begun. */
export function attemptDeadline({ attempt, task }: InstanceWork): number | null {
  const limit = task.spec.executionTimeoutMs;
  return limit === null || attempt?.startDate == null ? null : attempt.startDate + limit;
}

/** The time of a waiting instance has come: the retry delay is over, or it asked to be called again now. */
export function waitOver(instance: InstanceWork, changes: Changes): void {
  // The whole group begins again, as soon as nothing of it is active any more.
  const group = instance.groups.find(({ failed }) => failed === instance);
  if (group !== undefined) {
    group.run.continuing.add(group);
    return continueGroups(group.run, changes);
  }
  instance.nextAt = null;
  if (instance.state === 'up_for_retry') instance.tryNumber += 1;
  moveInstance(instance, 'scheduled', changes);
  instance.scheduledAt = changes.now;
  changes.ready.push(instance);
}
