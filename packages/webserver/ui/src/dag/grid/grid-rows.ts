import type { GridTask, SerializedGroup } from '../../api/contract.ts';

export interface GridRow {
  readonly id: string;
  readonly kind: 'group' | 'task';
  readonly depth: number;
  readonly label: string;
  readonly isClosed: boolean;
  /** Where its tasks (of a group: every one below it) stand among the tasks of the grid. */
  readonly places: readonly number[];
  readonly isRemoved: boolean;
  /** A run has any number of it. */
  readonly isMapped: boolean;
}

/** The lines of the grid: groups in the place of their first task, closed ones as one line. */
export function gridRows(
  grid: { readonly tasks: readonly GridTask[]; readonly groups: readonly SerializedGroup[] },
  closed: ReadonlySet<string>,
  filter?: string,
): GridRow[] {
  const parents = new Map(grid.groups.map((group) => [group.groupId, group]));
  const wanted = filter?.toLowerCase();
  const below = new Map<string, number[]>();
  const children = new Map<string | null, (PlacedTask | SerializedGroup)[]>();
  const add = (parent: string | null, child: PlacedTask | SerializedGroup) => {
    const list = children.get(parent);
    if (list) list.push(child);
    else children.set(parent, [child]);
  };
  const openGroup = (groupId: string): number[] => {
    const known = below.get(groupId);
    if (known) return known;
    const made: number[] = [];
    below.set(groupId, made);
    const group = parents.get(groupId) ?? { groupId, parentId: null, label: groupId };
    if (group.parentId !== null) openGroup(group.parentId);
    add(group.parentId, group);
    return made;
  };
  for (const [place, task] of grid.tasks.entries()) {
    if (wanted && !task.taskId.toLowerCase().includes(wanted)) continue;
    for (let group = task.groupId; group !== null; group = parents.get(group)?.parentId ?? null)
      openGroup(group).push(place);
    add(task.groupId, { task, place });
  }
  const rows: GridRow[] = [];
  const walk = (parent: string | null, depth: number): void => {
    for (const child of children.get(parent) ?? []) {
      if ('task' in child) {
        rows.push({
          id: child.task.taskId,
          kind: 'task',
          depth,
          label: child.task.label,
          isClosed: false,
          places: [child.place],
          isRemoved: child.task.isRemoved,
          isMapped: child.task.isMapped,
        });
      } else {
        const isClosed = closed.has(child.groupId);
        rows.push({
          id: child.groupId,
          kind: 'group',
          depth,
          label: child.label,
          isClosed,
          places: below.get(child.groupId) ?? [],
          isRemoved: false,
          isMapped: false,
        });
        if (!isClosed) walk(child.groupId, depth + 1);
      }
    }
  };
  walk(null, 0);
  return rows;
}

interface PlacedTask {
  readonly task: GridTask;
  readonly place: number;
}
