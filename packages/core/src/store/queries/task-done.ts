import type { SerializedDag } from '../../serialization/index.ts';
import type { TaskInstanceTable } from '../tables.ts';

/** What of an instance tells when its task was done. */
export type EndedInstance = Pick<TaskInstanceTable, 'taskId' | 'state' | 'endDate'>;

/**
 * When a task of a run was done: all of its instances, and in a loop all of that, since it might have gone round once more. Null: it is not.
 * `instances` are those of the run; what is removed does not count.
 */
export function taskDoneAt(
  dag: Pick<SerializedDag, 'tasks' | 'groups'>,
  taskId: string,
  instances: readonly EndedInstance[],
): number | null {
  const there = instances.filter(({ state }) => state !== 'removed');
  const own = there.filter((one) => one.taskId === taskId);
  if (own.length === 0 || own.some(({ state }) => state !== 'success' && state !== 'skipped')) return null;
  const loop = tasksOfLoop(dag, taskId);
  const ends = (loop === null ? own : there.filter((one) => loop.has(one.taskId))).map(
    ({ endDate }) => endDate,
  );
  return ends.some((end) => end === null) ? null : Math.max(...ends.map((end) => end!));
}

/** The tasks of the widest loop around a task; null: it is in none. */
function tasksOfLoop(
  { tasks, groups }: Pick<SerializedDag, 'tasks' | 'groups'>,
  taskId: string,
): ReadonlySet<string> | null {
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  const around = (groupId: string | null): string[] =>
    groupId === null ? [] : [...around(byId.get(groupId)?.parentId ?? null), groupId];
  const loop = around(tasks.find((task) => task.taskId === taskId)?.groupId ?? null).find(
    (groupId) => byId.get(groupId)?.expand?.loop !== undefined,
  );
  if (loop === undefined) return null;
  return new Set(tasks.filter(({ groupId }) => around(groupId).includes(loop)).map((task) => task.taskId));
}
