import { instanceName, type TaskState } from '../../state/index.ts';
import type { DagGraph } from '../graph/dag-graph.ts';
import type { InstanceWork, PastRun, RunWork } from './work.ts';

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
  const blocking = watched.find((taskId) => past.blocking.has(taskId));
  if (blocking === undefined) return passed(`The previous run ${past.runId} went well.`);
  const [[mapPath, state]] = [...past.blocking.get(blocking)!] as [[string, TaskState]];
  return {
    passed: false,
    blocking,
    reason: `${instanceName(blocking, mapPath)} of the previous run ${past.runId} is ${state === 'none' ? 'not started' : state}, not success or skipped.`,
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

/**
 * Runs that wait for this one: the tasks in them that one of its tasks, or any (null), held up. A mapped task holds them up until the
 * last of its instances has gone well.
 */
export function heldUpBy(run: RunWork, taskId: string | null): readonly InstanceWork[] {
  return [...run.followers].flatMap(({ past, waitingOnPast }) =>
    taskId !== null && past?.blocking.has(taskId) === true ? [] : waitingOnPast.take(taskId),
  );
}

/**
 * Whether the run before one is its past. The first run of a backfill looks at nothing that lies before the range, which nobody asked to be
 * mended: not when it is made, not when it is cleared, and not after a restart.
 *
 * @param backfillFrom first instant of the backfill that the run belongs to; null: none
 */
export function isWithinPast(previousSlot: number, backfillFrom: number | null): boolean {
  return backfillFrom === null || previousSlot >= backfillFrom;
}

/**
 * A run as the next one sees it. Of a task that has no instance there yet it is known that it did not start; one that the run does not
 * have at all (it is new, or the run is about some tasks only) holds nobody up.
 *
 * @param graph its own, not that of the run after it
 */
export function pastRun(
  run: { readonly key: number; readonly runId: string },
  graph: Pick<DagGraph, 'tasks'>,
  instances: Iterable<{ readonly taskId: string; readonly mapPath: string; readonly state: TaskState }>,
): PastRun {
  const past: PastRun = { runKey: run.key, runId: run.runId, blocking: new Map() };
  const known = new Set<string>();
  for (const { taskId, mapPath, state } of instances) {
    known.add(taskId);
    notePast(past, taskId, mapPath, state);
  }
  for (const { spec } of graph.tasks) if (!known.has(spec.taskId)) notePast(past, spec.taskId, '', 'none');
  return past;
}

/** Keeps up with the run: an instance took another state, or (null) is no more. */
export function notePast(past: PastRun, taskId: string, mapPath: string, state: TaskState | null): void {
  const blocking = past.blocking.get(taskId);
  if (state !== null && !passes(state)) {
    if (blocking === undefined) past.blocking.set(taskId, new Map([[mapPath, state]]));
    else blocking.set(mapPath, state);
  } else if (blocking?.delete(mapPath) === true && blocking.size === 0) {
    past.blocking.delete(taskId);
  }
}

const passes = (state: TaskState): boolean =>
  state === 'success' || state === 'skipped' || state === 'removed';
