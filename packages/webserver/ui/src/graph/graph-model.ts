import type { SerializedGroup, SerializedTask, TaskInstance, TaskState } from '../api/contract.ts';
import { mostUrgent } from '../state/urgency.ts';

/** What the layout draws: tasks that are in sight, groups that are open or closed, and edges between them. */
export interface GraphModel {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly { readonly id: string; readonly source: string; readonly target: string }[];
}

export interface GraphNode {
  readonly id: string;
  readonly kind: 'task' | 'group' | 'closed';
  readonly parentId: string | null;
  readonly label: string;
  readonly note: string;
  readonly taskIds: readonly string[];
  /** It is mapped, itself or with a group around it: a run has any number of it. */
  readonly isMapped: boolean;
}

interface GraphDag {
  readonly tasks: readonly (Pick<SerializedTask, 'taskId' | 'groupId' | 'operator' | 'upstream'> & {
    readonly expand?: unknown;
  })[];
  readonly groups: readonly SerializedGroup[];
}

/** Above this many tasks every group starts closed: an overview first. */
export const AUTO_CLOSE_ABOVE = 500;

/** Closed groups stand for what is inside; edges are drawn once between what is in sight. */
export function graphModel(dag: GraphDag, closed: ReadonlySet<string>): GraphModel {
  const groups = new Map(dag.groups.map((group) => [group.groupId, group]));
  const chain = (groupId: string | null): string[] => {
    const path: string[] = [];
    for (let at = groupId; at !== null; at = groups.get(at)?.parentId ?? null) path.unshift(at);
    return path;
  };
  const shownAs = new Map<string, string>();
  const below = new Map<string, string[]>();
  for (const task of dag.tasks) {
    const path = chain(task.groupId);
    for (const groupId of path) {
      const list = below.get(groupId);
      if (list) list.push(task.taskId);
      else below.set(groupId, [task.taskId]);
    }
    shownAs.set(task.taskId, path.find((groupId) => closed.has(groupId)) ?? task.taskId);
  }
  const known = (groupId: string | null) =>
    groupId !== null && below.has(groupId) && groups.has(groupId) ? groupId : null;
  const isHidden = (groupId: string | null) => chain(groupId).some((each) => closed.has(each));
  const nodes: GraphNode[] = [];
  for (const group of dag.groups) {
    if (isHidden(group.parentId) || !below.has(group.groupId)) continue;
    nodes.push({
      id: group.groupId,
      kind: closed.has(group.groupId) ? 'closed' : 'group',
      parentId: known(group.parentId),
      label: group.label,
      note: [group.expand?.loop ? '⟳' : '', group.retry ? `↻ ${group.retry.retries}` : '']
        .filter(Boolean)
        .join(' '),
      taskIds: below.get(group.groupId) ?? [],
      isMapped: group.expand !== undefined,
    });
  }
  for (const task of dag.tasks) {
    if (shownAs.get(task.taskId) !== task.taskId) continue;
    const label =
      task.groupId && task.taskId.startsWith(`${task.groupId}.`)
        ? task.taskId.slice(task.groupId.length + 1)
        : task.taskId;
    nodes.push({
      id: task.taskId,
      kind: 'task',
      parentId: known(task.groupId),
      label,
      note: task.operator.replace(/Operator$/, ''),
      taskIds: [task.taskId],
      isMapped:
        task.expand !== undefined ||
        chain(task.groupId).some((each) => groups.get(each)?.expand !== undefined),
    });
  }
  const edges = new Map<string, GraphModel['edges'][number]>();
  for (const task of dag.tasks)
    for (const up of task.upstream) {
      const [source, target] = [shownAs.get(up), shownAs.get(task.taskId)];
      if (!source || !target || source === target) continue;
      const id = `${source}→${target}`;
      edges.set(id, { id, source, target });
    }
  return { nodes, edges: [...edges.values()] };
}

/** Everything before and after a node, itself included, along the edges in sight. */
export function related(model: GraphModel, id: string): ReadonlySet<string> {
  const found = new Set([id]);
  for (const [from, to] of [
    ['source', 'target'],
    ['target', 'source'],
  ] as const) {
    const next = new Map<string, string[]>();
    for (const edge of model.edges) next.set(edge[from], [...(next.get(edge[from]) ?? []), edge[to]]);
    const seen = new Set([id]);
    const queue = [id];
    for (let at = queue.pop(); at !== undefined; at = queue.pop())
      for (const each of next.get(at) ?? [])
        if (!seen.has(each)) {
          seen.add(each);
          queue.push(each);
        }
    for (const each of seen) found.add(each);
  }
  return found;
}

/** How a node is in a run. */
export interface NodeState {
  readonly state: TaskState;
  readonly counts: Readonly<Partial<Record<TaskState, number>>>;
  /** Of a mapped task: how many of its instances have ended, of how many that there are. Null: it is not mapped, or not yet. */
  readonly progress: { readonly done: number; readonly total: number } | null;
}

/** The state of each node: of a task its own, of a group the most urgent inside. Not started yet is planned, not absent. */
export function nodeStates(
  model: GraphModel,
  instances: readonly TaskInstance[],
): ReadonlyMap<string, NodeState> {
  const byTask = new Map<string, Partial<Record<TaskState, number>>>();
  const expanded = new Set<string>();
  for (const { taskId, mapPath, state } of instances) {
    if (mapPath) expanded.add(taskId);
    const counts = byTask.get(taskId) ?? {};
    counts[state] = (counts[state] ?? 0) + 1;
    byTask.set(taskId, counts);
  }
  return new Map(
    model.nodes.map((node) => {
      const counts: Partial<Record<TaskState, number>> = {};
      for (const taskId of node.taskIds)
        for (const [state, count] of Object.entries(byTask.get(taskId) ?? {}) as [TaskState, number][])
          counts[state] = (counts[state] ?? 0) + count;
      const progress = node.kind === 'task' && expanded.has(node.id) ? progressOf(counts) : null;
      return [node.id, { state: mostUrgent(counts), counts, progress }];
    }),
  );
}

const ENDS: readonly TaskState[] = ['success', 'failed', 'skipped', 'upstream_failed'];

function progressOf(counts: NodeState['counts']): NonNullable<NodeState['progress']> {
  const sum = (states: readonly string[]) =>
    Object.entries(counts).reduce((all, [state, count]) => all + (states.includes(state) ? count : 0), 0);
  return { done: sum(ENDS), total: sum(Object.keys(counts).filter((state) => state !== 'removed')) };
}
