import { isFinished } from '../../state/index.ts';
import type { Changes } from '../work/changes.ts';
import { forgetDecisions } from '../work/decision.ts';
import { membersOf, relevantInstances, undoEnd } from '../work/map-scope.ts';
import type { GroupWork, InstanceWork } from '../work/work.ts';
import { isUnexpanded } from './expand-level.ts';
import { resetInstance } from './reset-instance.ts';

/**
 * A group that is to begin again, between the failure and the new beginning. What was active is being ended; then its teardowns run, as
 * they would at its end; when nothing moves any more and the delay is over, every task of it is reset and its first ones are asked.
 *
 *     failed for good -> siblings are ended -> teardowns -> delay -> all tasks none -> first tasks
 */

/** Whether a group around the instance is about to begin again: until then nothing in it starts by itself. */
export const isHeldBack = ({ groups }: InstanceWork): boolean => groups.some(({ failed }) => failed !== null);

/** Teardowns of a group that is to begin again which may run now: nothing else of it is active, and they have something to undo. */
export function dueTeardowns(group: GroupWork): readonly InstanceWork[] {
  // The instance that failed is alive: it waits for the new beginning.
  if (group.live > 1) return [];
  return [...membersOf(group)].filter((instance) => {
    const { task, state } = instance;
    return task.spec.isTeardown && state === 'none' && !isUnexpanded(instance) && hasTurn(group, instance);
  });
}

/** One of its setups in the group has succeeded, or it has none at all, and no teardown before it is still to come. */
function hasTurn(group: GroupWork, teardown: InstanceWork): boolean {
  const { task, run } = teardown;
  const above = task.upstream
    .flatMap((index) => relevantInstances(teardown, index))
    .filter(({ groups }) => groups[group.group.level] === group);
  const isNext = !above.some(
    (one) => one.task.spec.isTeardown && one.state === 'none' && hasTurn(group, one),
  );
  const setups = task.upstreamSetups.map((index) => run.graph.tasks[index]!);
  if (setups.length === 0) return isNext;
  return isNext && above.some((one) => one.task.spec.isSetup && one.state === 'success');
}

/** Nothing of the group moves any more, and its delay is over. */
export function mayRestart({ failed, live }: GroupWork, now: number): boolean {
  return failed !== null && live === 1 && (failed.nextAt ?? 0) <= now;
}

/** Resets every task of the group, and gives the groups in it all of their retries again. The caller asks its tasks. */
export function resetGroup(group: GroupWork, changes: Changes): void {
  const { run } = group;
  const { groupId } = group.group;
  group.failed = null;
  run.restarting.delete(group);
  run.continuing.delete(group);
  group.tryNumber += 1;
  changes.groups.add(group);
  const reason = `group ${groupId} began again, try ${group.tryNumber} of ${group.maxTries + 1}`;
  const inner = new Set<GroupWork>();
  const isOutside = (taskId: string) => !group.group.tasks.includes(run.graph.indexOf.get(taskId)!);
  for (const instance of [...membersOf(group)]) {
    for (const one of instance.groups.slice(group.group.level + 1)) inner.add(one);
    resetMember(instance, reason, isOutside, changes);
  }
  for (const one of inner) renewTries(one, changes);
  changes.event({
    type: 'group_restarted',
    dagId: run.dag.dagId,
    run,
    data: { groupId, mapPath: group.mapPath, tryNumber: group.tryNumber, maxTries: group.maxTries },
  });
}

/** A group may begin again as often as at first from now on, besides what it did already. */
export function renewTries(group: GroupWork, changes: Changes): void {
  const maxTries = group.tryNumber - 1 + (group.group.retry?.retries ?? 0);
  if (maxTries === group.maxTries) return;
  group.maxTries = maxTries;
  changes.groups.add(group);
}

function resetMember(
  instance: InstanceWork,
  reason: string,
  isOutside: (taskId: string) => boolean,
  changes: Changes,
): void {
  const { state, task } = instance;
  if (state === 'removed') return;
  const before = instance.decision;
  forgetDecisions(instance, isOutside);
  if (instance.decision !== before) changes.instances.add(instance);
  if (instance.tryNumber === 0 && state === 'none') return;
  instance.maxTries = instance.tryNumber + task.spec.retries;
  instance.infraNumber = 0;
  changes.instances.add(instance);
  if (isFinished(state)) undoEnd(instance, () => resetInstance(instance, reason, changes));
  else resetInstance(instance, reason, changes);
}
