import { canonicalJson, type JsonObject } from '../json.ts';
import type { InstanceWork, RunWork } from '../rules/index.ts';
import {
  adoptDecisions,
  type Changes,
  type DagGraph,
  ENDED_WITH_RUN,
  forgetSkippedBy,
  heedDependencies,
  ignoresDependencies,
  instancesOf,
  moveInstance,
  moveRun,
  newInstance,
  pathDepth,
  placeInstances,
  recount,
  renewTries,
  resetInstance,
  reshapeRun,
  ruleVerdict,
  selectInstances,
  startInstances,
  stopInstance,
  subGraph,
  taskOfBefore,
  wakeFollowers,
  withSetupsAndTeardowns,
} from '../rules/index.ts';
import { isFinished, isRunFinished, type TaskState } from '../state/index.ts';
import type { ClearPayload } from './intent.ts';

export interface ClearedTask {
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  /** How people call its map index; absent: by its number. */
  readonly renderedMapIndex?: string;
  /** State before it was cleared, or marked. */
  readonly state: TaskState;
}

/**
 * Which task instances a clear touches, in one run, setups and teardowns included: the preview, and the first step of the effect. Tasks
 * that nothing was decided about are left out, since there is nothing to clear. A run that was ended before it began has none: it runs as
 * a whole.
 */
export function planClear(run: RunWork, payload: ClearPayload): readonly InstanceWork[] {
  if (run.tasks.length === 0 && isRunFinished(run.state)) return [];
  return withSetupsAndTeardowns(run, selectInstances(run, payload)).filter(
    (instance) => instance.state !== 'none' || ignoresDependencies(instance),
  );
}

/**
 * Clears tasks of one run: what has ended runs again, what is active is ended first and runs then. The run takes the newest
 * version of its DAG unless told otherwise, and goes back to queued when it had finished; one that runs goes on at once.
 */
export function applyClear(
  run: RunWork,
  payload: ClearPayload,
  newest: DagGraph,
  nextKey: () => number,
  actor: string,
  changes: Changes,
): ClearedTask[] {
  const gone =
    payload.sameVersion === true ? [] : adoptVersion(run, subGraph(newest, run.taskIds), nextKey, changes);
  if (payload.conf !== undefined) changeConf(run, payload.conf, actor, changes);
  const chosen = planClear(run, payload);
  const names = new Set(chosen.map((instance) => instance.task.spec.taskId));
  const cleared = chosen.map(describeInstance);
  for (const instance of chosen) clearInstance(instance, names, actor, changes);
  reopenRun(run, gone, actor, changes);
  return cleared;
}

/**
 * Tasks of the run run again: how it ends is open, one that had finished waits for its place, and one that runs goes on at once.
 *
 * @param gone what its new version does not have, which ends now
 */
export function reopenRun(
  run: RunWork,
  gone: readonly InstanceWork[],
  actor: string,
  changes: Changes,
): void {
  recount(run);
  for (const instance of instancesOf(run)) waitAgain(instance, actor, changes);
  changes.touchRun(run);
  run.clearNumber += 1;
  run.setByHand = false;
  run.targetState = null;
  for (const instance of gone) {
    if (instance.attempt === null) removeInstance(instance, changes);
    else run.leaving.add(instance);
  }
  if (run.state === 'running') startInstances(run, changes);
  // Last: with the end of one that waited the run would be over, did nothing of it run again.
  for (const instance of gone)
    if (instance.attempt !== null) stopInstance(instance, 'removed', GONE, changes);
  // A later run need not wait for what this one does not have any more.
  if (gone.length > 0) wakeFollowers(run, changes);
  const runsAgain = run.unfinished.count > 0 || run.tasks.length === 0;
  if (isRunFinished(run.state) && runsAgain) moveRun(run, 'queued', changes, null, actor);
}

/** Earlier tries had other params: the event keeps them, so that each can be read with its own. */
export function changeConf(run: RunWork, conf: JsonObject, actor: string, changes: Changes): void {
  if (canonicalJson(run.conf) === canonicalJson(conf)) return;
  const data = { from: run.conf, to: conf };
  changes.event({ type: 'run_conf_changed', dagId: run.dag.dagId, run, actor, data });
  run.conf = conf;
}

/**
 * Moves a run to another version: tasks that are new get instances. Returns the instances of tasks that are gone, and of map indexes of a
 * task that is no longer mapped: they become `removed`. Lists that stand in the file may have grown or shrunk.
 */
export function adoptVersion(
  run: RunWork,
  graph: DagGraph,
  nextKey: () => number,
  changes: Changes,
): readonly InstanceWork[] {
  if (run.graph.version === graph.version) return [];
  const before = [...instancesOf(run)];
  const graphBefore = run.graph;
  changes.touchRun(run);
  run.graph = graph;
  // It has not begun, and gets its instances when it does.
  if (run.tasks.length === 0) return [];
  const kept: InstanceWork[] = [];
  const gone: InstanceWork[] = [];
  for (const instance of before) {
    const index = graph.indexOf.get(instance.task.spec.taskId);
    const task = index === undefined ? undefined : graph.tasks[index]!;
    if (task === undefined || pathDepth(instance.mapPath) > task.levels.length) {
      gone.push(instance);
      continue;
    }
    instance.task = task;
    changes.instances.add(instance);
    // It stands in line under the limits and the weight that its task had.
    if (instance.state === 'scheduled') changes.ready.push(instance);
    kept.push(instance);
  }
  const known = new Set(kept.map(({ task }) => task.index));
  for (const task of graph.tasks) {
    if (known.has(task.index)) continue;
    const instance = newInstance(run, task, '', nextKey());
    changes.newInstances.add(instance);
    kept.push(instance);
  }
  placeInstances(run, kept);
  for (const instance of gone) cutOff(instance);
  adoptDecisions(run, graphBefore, changes);
  reshapeRun(run, changes);
  recount(run);
  return gone;
}

function cutOff(instance: InstanceWork): void {
  instance.task = taskOfBefore(instance.task);
  instance.scopes = [];
  instance.groups = [];
}

const GONE = 'its task is no longer in the DAG';

function removeInstance(instance: InstanceWork, changes: Changes): void {
  if (instance.state === 'removed') return;
  // It was to be tried again.
  instance.nextAt = null;
  moveInstance(instance, 'removed', changes, GONE);
}

function clearInstance(
  instance: InstanceWork,
  cleared: ReadonlySet<string>,
  actor: string,
  changes: Changes,
): void {
  instance.maxTries = instance.tryNumber + instance.task.spec.retries;
  instance.infraNumber = 0;
  instance.clearNumber += 1;
  heedDependencies(instance);
  for (const group of instance.groups) renewTries(group, changes);
  if (instance.decision === ENDED_WITH_RUN) instance.decision = null;
  forgetSkippedBy(instance, (deciderId) => cleared.has(deciderId));
  if (isFinished(instance.state)) resetInstance(instance, null, changes);
  else stopInstance(instance, 'none', `cleared by ${actor}`, changes);
}

/** What was about to start waits again for what was cleared above it; what has begun goes on. */
function waitAgain(instance: InstanceWork, actor: string, changes: Changes): void {
  if (instance.state !== 'scheduled' || instance.attempt !== null || ignoresDependencies(instance)) return;
  if (ruleVerdict(instance) !== 'wait') return;
  // The try that it was about to make is not made, and is not to be missed.
  instance.maxTries += 1;
  stopInstance(instance, 'none', `cleared by ${actor}`, changes);
}

/** A task instance as it is now. */
export function describeInstance({ run, task, mapPath, renderedMapIndex, state }: InstanceWork): ClearedTask {
  const name = renderedMapIndex === null ? {} : { renderedMapIndex };
  return { runId: run.runId, taskId: task.spec.taskId, mapPath, ...name, state };
}
