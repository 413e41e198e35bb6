import type { TaskState } from '../state/index.ts';
import type { InstanceWork } from './work.ts';

/** Whether a task that depends on the previous run may go on, and if not, why (semantics, section 9). */
export function pastVerdict(instance: InstanceWork): { passed: boolean; reason: string } {
  const { spec, downstream } = instance.task;
  if (!spec.dependsOnPast && !spec.waitForDownstream)
    return { passed: true, reason: 'It does not depend on the previous run.' };
  const { past, graph } = instance.run;
  if (past === null) return { passed: true, reason: 'There is no previous run.' };
  const watched = spec.waitForDownstream
    ? [spec.taskId, ...downstream.map((i) => graph.tasks[i]!.spec.taskId)]
    : [spec.taskId];
  const blocking = watched.find((taskId) => !passes(past.states.get(taskId)));
  if (blocking === undefined) return { passed: true, reason: `The previous run ${past.runId} went well.` };
  return {
    passed: false,
    reason: `${blocking} of the previous run ${past.runId} is ${past.states.get(blocking) ?? 'not started'}, not success or skipped.`,
  };
}

/** A task that the previous run does not have holds nobody up. */
function passes(state: TaskState | undefined): boolean {
  return state === undefined || state === 'success' || state === 'skipped';
}
