import { ConflictError, InvalidInputError } from '../errors.ts';
import {
  type Changes,
  type DagGraph,
  ENDED_WITH_RUN,
  type GraphTask,
  type InstanceWork,
  ignoreDependencies,
  instancesUnder,
  isUnexpanded,
  nameOf,
  type RunWork,
  resetInstance,
  selectInstances,
  subGraph,
} from '../rules/index.ts';
import { isFinished } from '../state/index.ts';
import { adoptVersion, type ClearedTask, changeConf, describeInstance, reopenRun } from './apply-clear.ts';
import type { RunTaskPayload } from './intent.ts';

/**
 * Which instances would run: those of one task, without its setups and teardowns. Throws {@link ConflictError} when the run never began, when
 * one of them is under way already, and for a mapped task that no list gave instances; `NotFoundError` when there is no such task or index.
 */
export function planRunTask(run: RunWork, { taskId, mapPath }: RunTaskPayload): readonly InstanceWork[] {
  const where = mapPath === undefined ? {} : { mapPath };
  const chosen = selectInstances(run, { taskIds: [taskId], ...where });
  if (chosen.some(({ task }) => task.spec.taskId !== taskId))
    throw new InvalidInputError(`${taskId} is a group: name one of its tasks.`);
  const busy = chosen.find(({ state }) => isUnderWay(state));
  if (busy !== undefined)
    throw new ConflictError(
      `${nameOf(busy)} of run ${run.runId} is ${busy.state}: kill it first, or clear it, to run it again.`,
    );
  if (chosen.length === 0 || chosen.some(isUnexpanded))
    throw new ConflictError(
      `${taskId} of run ${run.runId} is mapped and no list has given it instances: run what makes its list first.`,
    );
  return chosen;
}

/**
 * Runs one task of a run at once and no other, as often as its retries allow. Nothing above it is waited for, what is below it keeps its
 * state, and what has not begun there goes by its rule when the task has ended. Limits and pools are heeded.
 */
export function applyRunTask(
  run: RunWork,
  payload: RunTaskPayload,
  newest: DagGraph,
  nextKey: () => number,
  actor: string,
  changes: Changes,
): ClearedTask[] {
  const [{ task }] = planRunTask(run, payload) as [InstanceWork];
  let gone: readonly InstanceWork[] = [];
  if (payload.sameVersion !== true) {
    const graph = subGraph(newest, run.taskIds);
    assertSameTask(task, graph);
    gone = adoptVersion(run, graph, nextKey, changes);
  }
  // A list in the file may have become another one.
  const index = run.graph.indexOf.get(payload.taskId)!;
  const chosen = instancesUnder(run, index, payload.mapPath ?? '').filter(({ state }) => state !== 'removed');
  if (payload.conf !== undefined) changeConf(run, payload.conf, actor, changes);
  const before = chosen.map(describeInstance);
  for (const instance of chosen) {
    instance.maxTries = instance.tryNumber + instance.task.spec.retries;
    instance.infraNumber = 0;
    instance.clearNumber += 1;
    if (instance.decision === ENDED_WITH_RUN) instance.decision = null;
    ignoreDependencies(instance);
    instance.nextAt = null;
    resetInstance(instance, null, changes);
    changes.instances.add(instance);
    changes.event({ type: 'dependencies_ignored', dagId: run.dag.dagId, run, instance, actor });
  }
  reopenRun(run, gone, actor, changes);
  return before;
}

/** What is refused changes nothing, so this is asked before the run takes the version. */
function assertSameTask({ spec, levels }: GraphTask, newest: DagGraph): void {
  const index = newest.indexOf.get(spec.taskId);
  if (index !== undefined && newest.tasks[index]!.levels.length === levels.length) return;
  const change = index === undefined ? 'does not have it' : 'maps it in another way';
  throw new ConflictError(
    `The newest version of ${newest.dag.dagId} ${change}: ${spec.taskId} can run again on the version of the run alone (--same-version).`,
  );
}

const isUnderWay = (state: InstanceWork['state']): boolean =>
  !isFinished(state) && state !== 'none' && state !== 'up_for_retry';
