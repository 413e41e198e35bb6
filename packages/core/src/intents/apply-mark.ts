import {
  type Changes,
  finishRunIfOver,
  type InstanceWork,
  instancesOf,
  moveInstance,
  moveRun,
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
import type { KillPayload, MarkRunPayload, MarkTasksPayload } from './intent.ts';

/** An instance that somebody changed by hand. */
export interface TouchedTask {
  readonly taskId: string;
  readonly mapPath: string;
}

/** Sets tasks of a run to a final state by hand; what is active is ended first. The run's own state follows. */
export function applyMarkTasks(
  run: RunWork,
  payload: MarkTasksPayload,
  actor: string,
  changes: Changes,
): ClearedTask[] {
  const chosen = selectInstances(run, payload);
  const marked = chosen.filter((instance) => instance.state !== payload.state);
  const before = marked.map(describeInstance);
  for (const instance of marked)
    setByHand(instance, payload.state, `marked ${payload.state} by ${actor}`, changes);
  settleByHand(run, actor, changes);
  return before;
}

/** Success sets every task that is not a teardown; failed ends what is active and skips the rest. */
export function applyMarkRun(run: RunWork, payload: MarkRunPayload, actor: string, changes: Changes): void {
  const reason = `marked ${payload.state} by ${actor}`;
  changes.touchRun(run);
  run.targetState = payload.state;
  run.setByHand = true;
  run.reason = reason;
  for (const instance of instancesOf(run)) {
    if (payload.state === 'failed') endUnfinished(instance, reason, changes);
    else if (!instance.task.spec.isTeardown && instance.state !== 'success')
      setByHand(instance, 'success', reason, changes);
  }
  recount(run);
  if (run.state === 'running') finishRunIfOver(run, changes);
  else if (run.state !== payload.state) moveRun(run, payload.state, changes, reason, actor);
  wakeFollowers(run, changes);
}

/** Ends what is active: of some tasks, or of the whole run, which then fails. Returns the tasks that were active. */
export function applyKill(
  run: RunWork,
  payload: KillPayload,
  actor: string,
  changes: Changes,
): TouchedTask[] {
  const reason = `killed by ${actor}`;
  if (payload.taskIds === undefined && run.tasks.length === 0) {
    applyMarkRun(run, { runId: run.runId, state: 'failed' }, actor, changes);
    return [];
  }
  const chosen = selectInstances(run, payload);
  const active = chosen.filter(({ state }) => !isFinished(state) && state !== 'none');
  if (payload.taskIds === undefined) {
    applyMarkRun(run, { runId: run.runId, state: 'failed' }, actor, changes);
    return active.map(touched);
  }
  for (const instance of active) stopInstance(instance, 'failed', reason, changes);
  return active.map(touched);
}

/** Ends a run at its time limit: what is active is ended, what has not begun is skipped, the run fails. */
export function timeOutRun(run: RunWork, changes: Changes): void {
  const reason = `the run took longer than its limit of ${run.graph.dag.dagRunTimeoutMs! / 1000} s`;
  changes.touchRun(run);
  run.targetState = 'failed';
  run.reason = reason;
  for (const instance of instancesOf(run)) {
    if (!isFinished(instance.state)) stopInstance(instance, 'skipped', reason, changes);
  }
  finishRunIfOver(run, changes);
}

const touched = ({ task, mapPath }: InstanceWork): TouchedTask => ({ taskId: task.spec.taskId, mapPath });

function endUnfinished(instance: InstanceWork, reason: string, changes: Changes): void {
  const { state } = instance;
  if (isFinished(state)) return;
  const wasActive =
    state === 'running' || state === 'queued' || state === 'deferred' || state === 'up_for_reschedule';
  stopInstance(instance, wasActive ? 'failed' : 'skipped', reason, changes);
}

function setByHand(
  instance: InstanceWork,
  state: MarkTasksPayload['state'],
  reason: string,
  changes: Changes,
): void {
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
