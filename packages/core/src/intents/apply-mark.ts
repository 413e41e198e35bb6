import {
  type Changes,
  endWithRun,
  finishRunIfOver,
  heedDependencies,
  type InstanceWork,
  instancesOf,
  mayBeLastIteration,
  moveInstance,
  moveRun,
  overrule,
  type RunWork,
  recount,
  runOutcome,
  selectInstances,
  startInstances,
  stopInstance,
  wakeFollowers,
} from '../rules/index.ts';
import { isFinished, isRunFinished } from '../state/index.ts';
import { type ClearedTask, describeInstance } from './apply-clear.ts';
import type { MarkRunPayload, MarkTasksPayload } from './intent.ts';

/**
 * Which task instances a mark changes, in one run: those in another state, and a loop's "not yet" that is to be the end of the loop, which is
 * a success as it stands.
 */
export function planMark(run: RunWork, payload: MarkTasksPayload): readonly InstanceWork[] {
  const chosen = selectInstances(run, payload);
  const among = new Set(chosen);
  return chosen.filter(
    (instance) =>
      instance.state !== payload.state ||
      (payload.state === 'success' && mayBeLastIteration(instance, (other) => among.has(other))),
  );
}

/** Sets tasks of a run to a final state by hand; what is active is ended first. The run's own state follows. */
export function applyMarkTasks(
  run: RunWork,
  payload: MarkTasksPayload,
  actor: string,
  changes: Changes,
): ClearedTask[] {
  const marked = planMark(run, payload);
  const before = marked.map(describeInstance);
  for (const instance of marked)
    setByHand(instance, payload.state, `marked ${payload.state} by ${actor}`, changes);
  settleByHand(run, actor, changes);
  return before;
}

/**
 * Success sets every task that is not a teardown; failed ends what runs or waits as failed and skips the rest. A queued run that has
 * teardowns left keeps its place in the queue, runs them when it is its turn, and ends then as it was marked.
 */
export function applyMarkRun(run: RunWork, payload: MarkRunPayload, actor: string, changes: Changes): void {
  const reason = `marked ${payload.state} by ${actor}`;
  changes.touchRun(run);
  run.targetState = payload.state;
  run.setByHand = true;
  run.reason = reason;
  if (payload.state === 'failed') endWithRun(run, endOfMarked, reason, changes);
  else {
    for (const instance of instancesOf(run))
      if (!instance.task.spec.isTeardown && instance.state !== 'success')
        setByHand(instance, 'success', reason, changes);
  }
  recount(run);
  if (run.state === 'running') finishRunIfOver(run, changes);
  else if (run.state !== payload.state && run.unfinished.count === 0)
    moveRun(run, payload.state, changes, reason, actor);
  wakeFollowers(run, changes);
}

/** What runs, or has begun and waits, fails; what has not begun, or was to be tried again, is skipped. */
function endOfMarked({ state, attempt }: InstanceWork): 'failed' | 'skipped' {
  if (state === 'running' || state === 'deferred' || state === 'up_for_reschedule') return 'failed';
  // About to be called again, which is no less begun.
  return attempt?.startDate != null ? 'failed' : 'skipped';
}

function setByHand(
  instance: InstanceWork,
  state: MarkTasksPayload['state'],
  reason: string,
  changes: Changes,
): void {
  heedDependencies(instance);
  overrule(instance);
  if (!isFinished(instance.state)) return stopInstance(instance, state, reason, changes);
  moveInstance(instance, 'none', changes);
  moveInstance(instance, state, changes, reason);
}

function settleByHand(run: RunWork, actor: string, changes: Changes): void {
  recount(run);
  if (run.state === 'running') startInstances(run, changes);
  wakeFollowers(run, changes);
  if (!isRunFinished(run.state) || run.unfinished.count > 0) return;
  const { state } = runOutcome(run);
  if (state !== run.state) moveRun(run, state, changes, `its tasks were marked by ${actor}`, actor);
}
