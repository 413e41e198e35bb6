import { isFinished } from '../../state/index.ts';
import { exitLevel } from '../graph/closed-group.ts';
import { reachable } from '../graph/dag-graph.ts';
import type { Changes } from '../work/changes.ts';
import { decidersOf, ignoresDependencies, noteSkippedBy, noteSkips, skips } from '../work/decision.ts';
import { countsOutside, relevantInstances } from '../work/map-scope.ts';
import { endAttempt, moveInstance } from '../work/move-instance.ts';
import type { InstanceWork } from '../work/work.ts';

/**
 * Skips tasks by a decision of `decider`: those that have not begun. The decision survives a clear of the task alone. Those outside of a
 * closed group around the decider are skipped when that has ended: it may decide otherwise when the group begins again.
 */
export function skipByDecision(
  instances: Iterable<InstanceWork>,
  decider: InstanceWork,
  changes: Changes,
): InstanceWork[] {
  const now: InstanceWork[] = [];
  const later = new Set<string>();
  const { closedGroups } = decider.task;
  for (const instance of instances) {
    if (exitLevel(closedGroups, instance.task.closedGroups) < 0) now.push(instance);
    else later.add(instance.task.spec.taskId);
  }
  noteSkips(decider, later);
  return skipNow(now, decider, changes);
}

/** Skips tasks that have not begun: nothing keeps the decision from them any more. */
export function skipNow(
  instances: readonly InstanceWork[],
  decider: InstanceWork,
  changes: Changes,
): InstanceWork[] {
  const skipped: InstanceWork[] = [];
  for (const instance of instances) {
    const mayBegin = instance.state === 'none' || instance.state === 'scheduled';
    if (!mayBegin && (!isFinished(instance.state) || instance.state === 'removed')) continue;
    noteSkippedBy(instance, decider.task.spec.taskId);
    // What has run stays as it is: the decision holds when somebody clears it.
    if (!mayBegin) {
      changes.instances.add(instance);
      continue;
    }
    // A person asked for it to run all the same, and it is held back as yet.
    if (ignoresDependencies(instance)) {
      changes.instances.add(instance);
      continue;
    }
    // It asked to be called again before and was about to be.
    if (instance.attempt !== null)
      endAttempt(instance, { ...noReport, state: 'killed', endDate: changes.now }, changes);
    moveInstance(instance, 'skipped', changes, `${decider.task.spec.taskId} decided so`);
    skipped.push(instance);
  }
  return skipped;
}

/** Direct downstream of a branch that was not chosen and is not reachable through what was chosen either. */
export function notChosen(branch: InstanceWork, chosen: ReadonlySet<number>): InstanceWork[] {
  const { run, task } = branch;
  const viaChosen = reachable(chosen, (i) => run.graph.tasks[i]!.downstream);
  return task.downstream
    .filter((i) => !chosen.has(i) && !viaChosen.has(i))
    .flatMap((i) => relevantInstances(branch, i));
}

/** Everything in the sides that were not chosen: whatever its rule, and its setups and teardowns with it. */
export function sidesNotChosen(decider: InstanceWork, chosen: readonly string[]): InstanceWork[] {
  return [...decider.task.sides!]
    .filter(([name]) => !chosen.includes(name))
    .flatMap(([, tasks]) => tasks.flatMap((index) => relevantInstances(decider, index)));
}

/** What a short-circuit skips: all that is below, teardowns excepted, or the direct downstream alone. */
export function shortCircuited(decider: InstanceWork): InstanceWork[] {
  const { run, task } = decider;
  const indexes = task.spec.ignoreDownstreamTriggerRules
    ? reachable([task.index], (i) => run.graph.tasks[i]!.downstream)
    : task.downstream;
  return [...indexes]
    .filter((i) => !run.graph.tasks[i]!.spec.isTeardown)
    .flatMap((i) => relevantInstances(decider, i));
}

/**
 * Its rule lets it run, but what may skip it stands in a group that may begin again. What runs at once, whatever happens before it, does not
 * wait.
 */
export function waitsForDecision(instance: InstanceWork): boolean {
  const { closedDeciders, spec } = instance.task;
  if (closedDeciders.length === 0 || spec.triggerRule === 'always') return false;
  return closedDeciders.some(({ task, exit }) =>
    relevantInstances(instance, task).some((decider) => !countsOutside(decider, exit)),
  );
}

/** The task that decided to skip it; null: none did. */
export function deciderAbove(instance: InstanceWork): string | null {
  const { tasks } = instance.run.graph;
  const { closedDeciders, spec } = instance.task;
  const idOf = (index: number) => tasks[index]!.spec.taskId;
  const outside = closedDeciders.find(({ task, exit }) =>
    relevantInstances(instance, task).some((one) => skips(one, spec.taskId) && countsOutside(one, exit)),
  );
  if (outside !== undefined) return idOf(outside.task);
  const isClosed = (deciderId: string) => closedDeciders.some(({ task }) => idOf(task) === deciderId);
  // The newest decision counts: one in a closed group has decided anew since, one that is to run again will.
  return decidersOf(instance).find((id) => !isClosed(id) && hasDecided(instance, id)) ?? null;
}

function hasDecided(instance: InstanceWork, deciderId: string): boolean {
  const index = instance.run.graph.indexOf.get(deciderId);
  return index !== undefined && relevantInstances(instance, index).some(({ state }) => isFinished(state));
}

const noReport = { error: null, rendered: null, logEnd: null };
