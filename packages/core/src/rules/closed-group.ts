import type { SerializedDag, SerializedGroup, SerializedGroupRetry } from '../serialization/index.ts';

/**
 * A group whose tasks' ends count outside of it only when all of it has ended: it may begin again before that, so nobody outside may
 * decide by what could be undone. Within the group they count at once.
 */
export interface ClosedGroup {
  readonly groupId: string;
  /** The closed group around it; null: none. */
  readonly parent: ClosedGroup | null;
  /** How many closed groups are around it. */
  readonly level: number;
  /** How many components of a map path tell its instances apart: one for each mapped group around it, itself included. */
  readonly depth: number;
  /** Indexes of the tasks in it, at any depth. */
  readonly tasks: readonly number[];
  readonly retry: SerializedGroupRetry | null;
}

/** The closed groups of a DAG that each task stands in, outermost first. */
export function closedGroups(dag: SerializedDag): readonly (readonly ClosedGroup[])[] {
  if (dag.groups.every(({ retry }) => retry === undefined)) return dag.tasks.map(() => none);
  const chains = new Map<string | null, { readonly groups: readonly Draft[]; readonly depth: number }>();
  chains.set(null, { groups: none, depth: 0 });
  for (const group of dag.groups) {
    const around = chains.get(group.parentId) ?? chains.get(null)!;
    const depth = around.depth + (group.expand === undefined ? 0 : 1);
    const groups =
      group.retry === undefined ? around.groups : [...around.groups, draft(group, depth, around.groups)];
    chains.set(group.groupId, { groups, depth });
  }
  return dag.tasks.map((task, index) => {
    const { groups } = chains.get(task.groupId) ?? chains.get(null)!;
    for (const { tasks } of groups) tasks.push(index);
    return groups;
  });
}

/** Which of the closed groups around `from` an edge to `to` leaves first, outermost; -1: it leaves none. */
export function exitLevel(from: readonly ClosedGroup[], to: readonly ClosedGroup[]): number {
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared += 1;
  return shared < from.length ? shared : -1;
}

interface Draft extends ClosedGroup {
  readonly tasks: number[];
}

const none: readonly Draft[] = [];

function draft({ groupId, retry }: SerializedGroup, depth: number, around: readonly Draft[]): Draft {
  return {
    groupId,
    parent: around.at(-1) ?? null,
    level: around.length,
    depth,
    tasks: [],
    retry: retry ?? null,
  };
}
