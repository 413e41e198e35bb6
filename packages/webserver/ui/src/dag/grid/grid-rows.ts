import type { Grid, GridCell, GridTask, SerializedGroup, TaskState } from '../../api/contract.ts';

export interface GridRow {
  readonly id: string;
  readonly kind: 'group' | 'task';
  readonly depth: number;
  readonly label: string;
  readonly isClosed: boolean;
  /** Of a group: every task below it, for the aggregate cell. */
  readonly taskIds: readonly string[];
}

/** The lines of the grid: groups in the place of their first task, closed ones as one line. */
export function gridRows(
  grid: { readonly tasks: readonly GridTask[]; readonly groups: readonly SerializedGroup[] },
  closed: ReadonlySet<string>,
  filter?: string,
): GridRow[] {
  const parents = new Map(grid.groups.map((group) => [group.groupId, group]));
  const wanted = filter?.toLowerCase();
  const below = new Map<string, string[]>();
  const children = new Map<string | null, (GridTask | SerializedGroup)[]>();
  const add = (parent: string | null, child: GridTask | SerializedGroup) => {
    const list = children.get(parent);
    if (list) list.push(child);
    else children.set(parent, [child]);
  };
  const openGroup = (groupId: string): string[] => {
    const known = below.get(groupId);
    if (known) return known;
    const made: string[] = [];
    below.set(groupId, made);
    const group = parents.get(groupId) ?? { groupId, parentId: null, label: groupId };
    if (group.parentId !== null) openGroup(group.parentId);
    add(group.parentId, group);
    return made;
  };
  for (const task of grid.tasks) {
    if (wanted && !task.taskId.toLowerCase().includes(wanted)) continue;
    for (let group = task.groupId; group !== null; group = parents.get(group)?.parentId ?? null)
      openGroup(group).push(task.taskId);
    add(task.groupId, task);
  }
  const rows: GridRow[] = [];
  const walk = (parent: string | null, depth: number): void => {
    for (const child of children.get(parent) ?? []) {
      if ('taskId' in child) {
        rows.push({
          id: child.taskId,
          kind: 'task',
          depth,
          label: child.label,
          isClosed: false,
          taskIds: [child.taskId],
        });
      } else {
        const isClosed = closed.has(child.groupId);
        rows.push({
          id: child.groupId,
          kind: 'group',
          depth,
          label: child.label,
          isClosed,
          taskIds: below.get(child.groupId) ?? [],
        });
        if (!isClosed) walk(child.groupId, depth + 1);
      }
    }
  };
  walk(null, 0);
  return rows;
}

/** How many instances of a line are in which state, in one run. */
export function cellCounts(
  row: GridRow,
  column: Grid['cells'][string] | undefined,
): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const taskId of row.taskIds) {
    const cell: GridCell | undefined = column?.[taskId];
    if (!cell) continue;
    if (cell.mapped)
      for (const [state, count] of Object.entries(cell.mapped) as [TaskState, number][])
        counts[state] = (counts[state] ?? 0) + count;
    else counts[cell.state] = (counts[cell.state] ?? 0) + 1;
  }
  return counts;
}
