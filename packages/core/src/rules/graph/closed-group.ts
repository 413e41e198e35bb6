import type { SerializedDag, SerializedGroupRetry } from '../../serialization/index.ts';

/**
 * A group whose tasks' ends count outside of it only when all of it has ended: it may begin again, or go round once more, before that, so
 * nobody outside may decide by what could be undone. Within the group they count at once.
 */
export interface ClosedGroup {
  readonly groupId: string;
  /** How many closed groups are around it. */
  readonly level: number;
  /** How many components of a map path tell its instances apart: one for each mapped group around it, itself included unless it is a loop. */
  readonly depth: number;
  /** Indexes of the tasks in it, at any depth. */
  readonly tasks: readonly number[];
  readonly retry: SerializedGroupRetry | null;
  /** One iteration of a loop: its end decides whether there is another. The loop is a closed group of its own, around it. */
  readonly isIteration: boolean;
}

/** The closed groups of a DAG that each task stands in, outermost first. */
export function closedGroups(dag: SerializedDag): readonly (readonly ClosedGroup[])[] {
  if (dag.groups.every(({ retry, expand }) => retry === undefined && expand?.loop === undefined))
    return dag.tasks.map(() => none);
  const chains = new Map<string | null, { readonly groups: readonly Draft[]; readonly depth: number }>();
  chains.set(null, { groups: none, depth: 0 });
  for (const { groupId, parentId, retry = null, expand } of dag.groups) {
    const around = chains.get(parentId) ?? chains.get(null)!;
    const depth = around.depth + (expand === undefined ? 0 : 1);
    const groups = [...around.groups];
    const add = (own: Pick<Draft, 'depth' | 'retry' | 'isIteration'>): void => {
      groups.push({ groupId, level: groups.length, tasks: [], ...own });
    };
    const isLoop = expand?.loop !== undefined;
    // A loop begins again as a whole, other mapped groups index by index.
    if (isLoop) add({ depth: around.depth, retry, isIteration: false });
    else if (retry !== null) add({ depth, retry, isIteration: false });
    if (isLoop) add({ depth, retry: null, isIteration: true });
    chains.set(groupId, { groups, depth });
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
