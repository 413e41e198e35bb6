import type { DagGraph } from '../graph/dag-graph.ts';
import type { Changes } from '../work/changes.ts';
import {
  decidersOf,
  forgetSkippedBy,
  noteSkippedBy,
  noteSkips,
  skippedOutside,
  skips,
} from '../work/decision.ts';
import { instancesOf, relevantInstances } from '../work/map-scope.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';

/**
 * A run took another version, in which a group has `retries` no more, or has some now. What was decided stays decided: it is kept with the
 * one that decided while that stands in a group that may begin again, else with those that are skipped. Costs the run.
 */
export function adoptDecisions(run: RunWork, before: DagGraph, changes: Changes): void {
  for (const instance of instancesOf(run)) {
    takeOut(instance, changes);
    takeIn(instance, before, changes);
  }
}

/** Its group does not begin again any more: what it decided outside of that holds from now on. */
function takeOut(decider: InstanceWork, changes: Changes): void {
  const { run, task } = decider;
  const decided = skippedOutside(decider);
  const outside = new Set(task.decidesOutside.map(({ task: index }) => index));
  const open = decided.filter((taskId) => !outside.has(run.graph.indexOf.get(taskId) ?? -1));
  if (open.length === 0) return;
  noteSkips(decider, new Set(decided.filter((taskId) => !open.includes(taskId))));
  changes.instances.add(decider);
  for (const taskId of open) {
    const index = run.graph.indexOf.get(taskId);
    if (index === undefined) continue;
    for (const instance of relevantInstances(decider, index)) {
      noteSkippedBy(instance, task.spec.taskId);
      changes.instances.add(instance);
    }
  }
}

/** What skips it stands in a group now that may begin again: the one that decided speaks for itself. */
function takeIn(instance: InstanceWork, before: DagGraph, changes: Changes): void {
  const { run, task } = instance;
  const { taskId } = task.spec;
  if (task.closedDeciders.length === 0) return;
  for (const deciderId of decidersOf(instance)) {
    const index = run.graph.indexOf.get(deciderId);
    if (!task.closedDeciders.some((edge) => edge.task === index) || isClosed(before, deciderId, taskId))
      continue;
    forgetSkippedBy(instance, (id) => id === deciderId);
    changes.instances.add(instance);
    for (const decider of relevantInstances(instance, index!)) {
      if (decider.state !== 'success' || skips(decider, taskId)) continue;
      noteSkips(decider, new Set([...skippedOutside(decider), taskId]));
      changes.instances.add(decider);
    }
  }
}

function isClosed({ tasks, indexOf }: DagGraph, deciderId: string, taskId: string): boolean {
  const index = indexOf.get(taskId);
  const decider = indexOf.get(deciderId);
  return index !== undefined && tasks[index]!.closedDeciders.some((edge) => edge.task === decider);
}
