import type { Workload } from '../../task-api/protocol.ts';

/** An attempt that takes no longer is done sooner behind another one than in a process that has to be woken. In milliseconds. */
const SHORT_MS = 5;

/** Most tasks that are remembered; the one that was new first is forgotten first. */
const MAX_TASKS = 50_000;

/** Which tasks are short: those whose last attempt was. One that nobody has seen is not. */
export class AttemptDurations {
  readonly #shortTasks = new Map<string, boolean>();

  record(workload: Workload, durationMs: number): void {
    const key = keyOf(workload);
    this.#shortTasks.set(key, durationMs <= SHORT_MS);
    if (this.#shortTasks.size > MAX_TASKS) this.#shortTasks.delete(this.#shortTasks.keys().next().value!);
  }

  isShort(workload: Workload | null): boolean {
    return workload !== null && this.#shortTasks.get(keyOf(workload)) === true;
  }
}

function keyOf({ dagId, taskId, kind }: Workload): string {
  return `${kind}/${dagId}/${taskId}`;
}
