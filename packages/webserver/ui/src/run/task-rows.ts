import type {
  GanttSegment,
  SerializedGroup,
  SerializedTask,
  TaskInstance,
  TaskState,
} from '../api/contract.ts';
import { mapIndexText } from '../state/map-index.tsx';

/** One line of the task tree; the Gantt draws its bars on the same line. */
export interface TaskRow {
  /** Unique within the tree: the group's id, the task's, or the task's with its map path. */
  readonly id: string;
  readonly kind: 'group' | 'task' | 'mapped';
  readonly depth: number;
  readonly label: string;
  readonly taskId: string | null;
  readonly mapPath: string;
  readonly instance: TaskInstance | null;
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  readonly segments: readonly GanttSegment[];
  readonly hasChildren: boolean;
  readonly isClosed: boolean;
}

export type RowOrder = 'topology' | 'start' | 'duration';

/**
 * The tree of a run: groups in the place of their first task, tasks in topological order, mapped instances below their task.
 * Tasks that the version at hand no longer has stand at the end, so nothing that ran is hidden.
 */
export function taskRows(input: {
  readonly tasks: readonly Pick<SerializedTask, 'taskId' | 'groupId'>[];
  readonly groups: readonly SerializedGroup[];
  readonly instances: readonly TaskInstance[];
  readonly segments: readonly GanttSegment[];
  readonly closed: ReadonlySet<string>;
  readonly filter?: string | undefined;
  readonly state?: string | undefined;
  readonly order?: RowOrder | undefined;
}): TaskRow[] {
  const byTask = groupBy(input.instances, (instance) => instance.taskId);
  const segmentsOf = groupBy(input.segments, (segment) => `${segment.taskId}\0${segment.mapPath}`);
  const parents = new Map(input.groups.map((group) => [group.groupId, group]));
  const wanted = input.filter?.toLowerCase();
  const leaves = allTasks(input.tasks, input.instances).filter(({ taskId }) => {
    const instances = byTask.get(taskId) ?? [];
    return (
      (!wanted || taskId.toLowerCase().includes(wanted)) &&
      (!input.state || instances.some((instance) => instance.state === input.state))
    );
  });
  sortLeaves(leaves, byTask, input.order ?? 'topology');

  const root = node(null);
  const nodes = new Map<string, Node>();
  const nodeOf = (groupId: string | null): Node => {
    if (groupId === null) return root;
    const known = nodes.get(groupId);
    if (known) return known;
    const made = node(groupId);
    nodes.set(groupId, made);
    nodeOf(parents.get(groupId)?.parentId ?? null).children.push(made);
    return made;
  };
  for (const leaf of leaves) nodeOf(leaf.groupId).children.push(leaf.taskId);

  const rows: TaskRow[] = [];
  const walk = (at: Node, depth: number): void => {
    for (const child of at.children) {
      if (typeof child === 'string') pushTask(child, depth);
      else {
        const inside = tasksIn(child).flatMap((taskId) => byTask.get(taskId) ?? []);
        const isClosed = input.closed.has(child.groupId!);
        rows.push({
          id: child.groupId!,
          kind: 'group',
          depth,
          label: parents.get(child.groupId!)?.label ?? child.groupId!,
          taskId: null,
          mapPath: '',
          instance: null,
          counts: countStates(inside),
          segments: inside.flatMap((each) => segmentsOf.get(`${each.taskId}\0${each.mapPath}`) ?? []),
          hasChildren: true,
          isClosed,
        });
        if (!isClosed) walk(child, depth + 1);
      }
    }
  };
  const pushTask = (taskId: string, depth: number): void => {
    const instances = byTask.get(taskId) ?? [];
    const isMapped = instances.length > 1 || (instances[0]?.mapPath ?? '') !== '';
    // A mapped task is closed until somebody opens it: a hundred lines of the same name help nobody at first sight.
    const isClosed = isMapped && !input.closed.has(`+${taskId}`);
    const groupId =
      instances[0]?.groupId ?? input.tasks.find((task) => task.taskId === taskId)?.groupId ?? null;
    const label = groupId && taskId.startsWith(`${groupId}.`) ? taskId.slice(groupId.length + 1) : taskId;
    rows.push({
      id: taskId,
      kind: 'task',
      depth,
      label: isMapped ? `${label} [${instances.length}]` : label,
      taskId,
      mapPath: instances[0]?.mapPath ?? '',
      instance: isMapped ? null : (instances[0] ?? null),
      counts: countStates(instances),
      segments: instances.flatMap((each) => segmentsOf.get(`${taskId}\0${each.mapPath}`) ?? []),
      hasChildren: isMapped,
      isClosed,
    });
    if (!isMapped || isClosed) return;
    for (const instance of instances)
      rows.push({
        id: `${taskId}[${instance.mapPath}]`,
        kind: 'mapped',
        depth: depth + 1,
        label: mapIndexText(instance),
        taskId,
        mapPath: instance.mapPath,
        instance,
        counts: { [instance.state]: 1 },
        segments: segmentsOf.get(`${taskId}\0${instance.mapPath}`) ?? [],
        hasChildren: false,
        isClosed: false,
      });
  };
  walk(root, 0);
  return rows;
}

interface Leaf {
  readonly taskId: string;
  readonly groupId: string | null;
}

interface Node {
  readonly groupId: string | null;
  readonly children: (Node | string)[];
}

function node(groupId: string | null): Node {
  return { groupId, children: [] };
}

function tasksIn(at: Node): string[] {
  return at.children.flatMap((child) => (typeof child === 'string' ? [child] : tasksIn(child)));
}

function allTasks(tasks: readonly Leaf[], instances: readonly TaskInstance[]): Leaf[] {
  const known = new Set(tasks.map((task) => task.taskId));
  const gone = new Map(
    instances.filter(({ taskId }) => !known.has(taskId)).map((each) => [each.taskId, each]),
  );
  return [...tasks, ...gone.values()];
}

function sortLeaves(
  leaves: Leaf[],
  byTask: ReadonlyMap<string, readonly TaskInstance[]>,
  order: RowOrder,
): void {
  if (order === 'topology') return;
  const start = (leaf: Leaf) =>
    Math.min(
      ...(byTask.get(leaf.taskId) ?? []).map((each) => Date.parse(each.startDate ?? '') || Number.MAX_VALUE),
    );
  const length = (leaf: Leaf) =>
    Math.max(
      0,
      ...(byTask.get(leaf.taskId) ?? []).map((each) =>
        each.startDate && each.endDate ? Date.parse(each.endDate) - Date.parse(each.startDate) : 0,
      ),
    );
  leaves.sort(order === 'start' ? (a, b) => start(a) - start(b) : (a, b) => length(b) - length(a));
}

function countStates(instances: readonly TaskInstance[]): Partial<Record<TaskState, number>> {
  const counts: Partial<Record<TaskState, number>> = {};
  for (const { state } of instances) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const list = groups.get(key(item));
    if (list) list.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
