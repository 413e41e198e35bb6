import { canonicalJson, type JsonObject } from '../json.ts';
import type { InstanceWork, RunWork } from '../rules/index.ts';
import {
  type Changes,
  type DagGraph,
  moveInstance,
  moveRun,
  newInstance,
  recount,
  selectInstances,
  stopInstance,
  subGraph,
} from '../rules/index.ts';
import { isFinished, isRunFinished } from '../state/index.ts';
import type { ClearPayload } from './intent.ts';

export interface ClearedTask {
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  /** State before it was cleared, or marked. */
  readonly state: string;
}

/**
 * Which task instances a clear touches, in one run: the preview, and the first step of the effect. Tasks that have not begun are left
 * out, since there is nothing to clear.
 */
export function planClear(run: RunWork, payload: ClearPayload): readonly InstanceWork[] {
  return selectInstances(run, payload).filter(({ state }) => state !== 'none' && state !== 'scheduled');
}

/**
 * Clears tasks of one run: what has ended runs again, what is active is ended first and runs then. The run takes the newest
 * version of its DAG unless told otherwise, and goes back to queued when it had finished.
 */
export function applyClear(
  run: RunWork,
  payload: ClearPayload,
  newest: DagGraph,
  nextKey: () => number,
  actor: string,
  changes: Changes,
): ClearedTask[] {
  if (payload.sameVersion !== true) adoptVersion(run, subGraph(newest, run.taskIds), nextKey, changes);
  if (payload.conf !== undefined) changeConf(run, payload.conf, actor, changes);
  const chosen = planClear(run, payload);
  const names = new Set(chosen.map((instance) => instance.task.spec.taskId));
  const cleared = chosen.map(describeInstance);
  for (const instance of chosen) clearInstance(instance, names, actor, changes);
  recount(run);
  changes.touchRun(run);
  run.clearNumber += 1;
  run.setByHand = false;
  run.targetState = null;
  if (isRunFinished(run.state) && run.unfinished.count > 0) moveRun(run, 'queued', changes, null, actor);
  return cleared;
}

/** Earlier tries had other params: the event keeps them, so that each can be read with its own. */
function changeConf(run: RunWork, conf: JsonObject, actor: string, changes: Changes): void {
  if (canonicalJson(run.conf) === canonicalJson(conf)) return;
  const data = { from: run.conf, to: conf };
  changes.event({ type: 'run_conf_changed', dagId: run.dag.dagId, run, actor, data });
  run.conf = conf;
}

/** Moves a run to another version: tasks that are new get instances, tasks that are gone become `removed`. */
export function adoptVersion(run: RunWork, graph: DagGraph, nextKey: () => number, changes: Changes): void {
  if (run.graph.version === graph.version || run.instances.length === 0) return;
  const byTask = new Map(run.instances.map((instance) => [instance.task.spec.taskId, instance]));
  changes.touchRun(run);
  run.graph = graph;
  run.instances.length = 0;
  for (const task of graph.tasks) {
    const kept = byTask.get(task.spec.taskId);
    byTask.delete(task.spec.taskId);
    const instance = kept ?? newInstance(run, task, nextKey());
    instance.task = task;
    if (kept === undefined) changes.newInstances.add(instance);
    else changes.instances.add(instance);
    run.instances.push(instance);
  }
  for (const gone of byTask.values()) removeInstance(gone, changes);
  recount(run);
}

/** It keeps no edges: the indexes of its old graph mean other tasks in the new one. */
function removeInstance(instance: InstanceWork, changes: Changes): void {
  instance.task = { ...instance.task, downstream: [], scope: [] };
  if (instance.attempt !== null)
    stopInstance(instance, 'failed', 'its task is no longer in the DAG', changes);
  else if (instance.state !== 'removed')
    moveInstance(instance, 'removed', changes, 'its task is no longer in the DAG');
}

function clearInstance(
  instance: InstanceWork,
  cleared: ReadonlySet<string>,
  actor: string,
  changes: Changes,
): void {
  instance.maxTries = instance.tryNumber + instance.task.spec.retries;
  instance.infraNumber = 0;
  const decider = instance.decision?.slice('skipped_by:'.length);
  if (decider !== undefined && cleared.has(decider)) instance.decision = null;
  if (isFinished(instance.state) || instance.state === 'up_for_retry') {
    moveInstance(instance, 'none', changes);
    instance.begunAt = null;
    instance.startDate = null;
    instance.endDate = null;
    instance.nextAt = null;
    instance.outputs = null;
    return;
  }
  stopInstance(instance, 'none', `cleared by ${actor}`, changes);
}

/** A task instance as it is now. */
export function describeInstance({ run, task, mapPath, state }: InstanceWork): ClearedTask {
  return { runId: run.runId, taskId: task.spec.taskId, mapPath, state };
}
