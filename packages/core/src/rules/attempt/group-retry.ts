import type { SerializedError } from '../../errors.ts';
import { isFinished, type TaskState } from '../../state/index.ts';
import { continueGroups } from '../run/advance-run.ts';
import { isLive } from '../work/activity.ts';
import type { Changes } from '../work/changes.ts';
import { membersOf } from '../work/map-scope.ts';
import { moveInstance } from '../work/move-instance.ts';
import { tellTask } from '../work/news.ts';
import type { GroupWork, InstanceWork } from '../work/work.ts';
import { mayRetry, retryDelayMs } from './retry.ts';
import { stopInstance } from './stop-instance.ts';

/**
 * The innermost group that begins again because this instance failed for good; undefined: none around it has a retry left. A teardown
 * that does not decide about the run does not decide about its group either.
 */
export function groupToRetry({ groups, task: { spec } }: InstanceWork): GroupWork | undefined {
  if (spec.isTeardown && !spec.onFailureFailDagRun) return undefined;
  // It begins again already, and this one with it.
  if (groups.some(({ failed }) => failed !== null)) return undefined;
  return groups.findLast(
    ({ group, tryNumber, maxTries }) => group.retry !== null && mayRetry(tryNumber, maxTries),
  );
}

/** States that are passed in this turn on the way to the end of a try: it gave up waiting, or its runner was lost before it began. */
const toRunning: Readonly<Partial<Record<TaskState, readonly TaskState[]>>> = {
  queued: ['running'],
  deferred: ['scheduled', 'queued', 'running'],
};

/** An instance has failed for good, and a group around it has a retry left: what is active in the group is ended, and it waits. */
export function beginGroupRetry(
  group: GroupWork,
  instance: InstanceWork,
  endedAtMs: number,
  error: SerializedError,
  changes: Changes,
): void {
  const { run, task } = instance;
  const { dagId } = run.dag;
  const { groupId, retry } = group.group;
  const { tryNumber, maxTries, mapPath } = group;
  for (const state of toRunning[instance.state] ?? []) moveInstance(instance, state, changes);
  moveInstance(instance, 'up_for_retry', changes, error.message);
  const identity = { dagId, taskId: groupId, logicalDate: run.logicalDate, tryNumber };
  instance.endDate = endedAtMs;
  instance.nextAt = endedAtMs + retryDelayMs(retry!, identity);
  // Its tries are renewed with the group; without the group (a version that has it no more) it would be tried again alone.
  instance.maxTries = instance.tryNumber + task.spec.retries;
  tellTask(instance, 'onRetry', error, changes);
  group.failed = instance;
  run.restarting.add(group);
  run.continuing.add(group);
  changes.groups.add(group);
  changes.event({
    type: 'group_retry',
    dagId,
    run,
    instance,
    data: {
      groupId,
      mapPath,
      tryNumber,
      maxTries,
      reason: error.message,
      nextAt: new Date(instance.nextAt).toISOString(),
    },
  });
  const reason = `${task.spec.taskId} failed, and group ${groupId} begins again`;
  for (const other of [...membersOf(group)]) {
    if (other === instance || other.task.spec.isTeardown || isFinished(other.state)) continue;
    // What a person set keeps the state that it is to have.
    if (other.state === 'restarting' && other.targetState !== 'none') continue;
    if (!isLive(other.state)) continue;
    // Also when somebody clears what failed, and the group goes on instead.
    other.maxTries = other.tryNumber + other.task.spec.retries;
    stopInstance(other, 'none', reason, changes);
  }
  continueGroups(run, changes);
  // Without a delay it has begun again by now.
  if (instance.nextAt !== null) changes.waiting.push(instance);
}
