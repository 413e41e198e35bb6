import type { TaskState } from '../state/index.ts';
import type { InstanceWork, RunWork } from './work.ts';

/** What a task that depends on the previous run hears of it; `blocking` is the task there that it waits for. */
export interface PastVerdict {
  readonly passed: boolean;
  readonly reason: string;
  readonly blocking: string | null;
}

/** Whether a task that depends on the previous run may go on, and if not, why: its own task there must have gone well. */
export function pastVerdict(instance: InstanceWork): PastVerdict {
  const { spec, downstream } = instance.task;
  if (!spec.dependsOnPast && !spec.waitForDownstream)
    return passed('It does not depend on the previous run.');
  const { past, graph } = instance.run;
  if (past === null) return passed('There is no previous run.');
  const watched = spec.waitForDownstream
    ? [spec.taskId, ...downstream.map((i) => graph.tasks[i]!.spec.taskId)]
    : [spec.taskId];
  const blocking = watched.find((taskId) => !passes(past.states.get(taskId)));
  if (blocking === undefined) return passed(`The previous run ${past.runId} went well.`);
  return {
    passed: false,
    blocking,
    reason: `${blocking} of the previous run ${past.runId} is ${past.states.get(blocking) ?? 'not started'}, not success or skipped.`,
  };
}

const passed = (reason: string): PastVerdict => ({ passed: true, reason, blocking: null });

/** Instances of a run that wait for the previous one, by the task there that they wait for: its end wakes them and nobody else. */
export class PastWaits {
  readonly #waiting = new Map<string, Set<InstanceWork>>();

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  add(instance: InstanceWork, blocking: string): void {
    const waiting = this.#waiting.get(blocking) ?? new Set();
    this.#waiting.set(blocking, waiting.add(instance));
  }

  /** Takes those out that wait for one task of the previous run, or for any; they come back when they have to wait on. */
  take(blocking: string | null): readonly InstanceWork[] {
    const keys = blocking === null ? [...this.#waiting.keys()] : [blocking];
    return keys.flatMap((key) => {
      const taken = [...(this.#waiting.get(key) ?? [])];
      this.#waiting.delete(key);
      return taken;
    });
  }
}

/** Runs that wait for this one: the tasks in them that one of its tasks, or any (null), held up. */
export function heldUpBy(run: RunWork, taskId: string | null): readonly InstanceWork[] {
  return [...run.followers].flatMap((follower) => follower.waitingOnPast.take(taskId));
}

/** A task that the previous run does not have holds nobody up. */
function passes(state: TaskState | undefined): boolean {
  return state === undefined || state === 'success' || state === 'skipped';
}
