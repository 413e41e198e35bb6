import type { Workload } from '../../task-api/protocol.ts';

/** An attempt that takes no longer is done sooner behind another one than in a process that has to be woken. In milliseconds. */
const SHORT_MS = 5;

/** So many short attempts in a row make a short one of the next that nobody has seen. */
const SHORT_IN_A_ROW = 16;

/** Most tasks that are remembered; the one that was new first is forgotten first. */
const MAX_TASKS = 50_000;

/** Which tasks are short: those whose last attempt was. One that nobody has seen is as the last ones of all tasks were. */
export class AttemptDurations {
  readonly #shortTasks = new Map<string, boolean>();
  #shortInARow = 0;

  record(workload: Workload, durationMs: number): void {
    const key = keyOf(workload);
    const isShort = durationMs <= SHORT_MS;
    this.#shortInARow = isShort ? this.#shortInARow + 1 : 0;
    this.#shortTasks.set(key, isShort);
    if (this.#shortTasks.size > MAX_TASKS) this.#shortTasks.delete(this.#shortTasks.keys().next().value!);
  }

  isShort(workload: Workload | null): boolean {
    if (workload === null) return false;
    return this.#shortTasks.get(keyOf(workload)) ?? this.#shortInARow >= SHORT_IN_A_ROW;
  }
}

function keyOf({ dagId, taskId, kind }: Workload): string {
  return `${kind}/${dagId}/${taskId}`;
}
