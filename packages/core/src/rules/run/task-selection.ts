import { ConflictError, didYouMean, NotFoundError } from '../../errors.ts';
import { type DagGraph, reachable } from '../graph/dag-graph.ts';
import { sharedDepth } from '../graph/map-levels.ts';
import { pathPrefix } from '../graph/map-path.ts';
import { ENDED_WITH_RUN } from '../work/decision.ts';
import { instancesUnder, relevantInstances } from '../work/map-scope.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';

/** Which tasks of one run a person means. */
export interface TaskChoice {
  /** Ids of tasks or groups; absent: every task. */
  readonly taskIds?: readonly string[];
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  /** Nothing that is not this task (or group) or after it. */
  readonly from?: string;
  /** Nothing that is not this task (or group) or before it. */
  readonly upTo?: string;
  /** Only what failed: failed, upstream_failed, and what was skipped because the run ended (its time was over, say). */
  readonly onlyFailed?: boolean;
  /** Only this instance of the named tasks, which are mapped: `3`, or `3.0`; of `3` also all that lies below it. */
  readonly mapPath?: string;
}

/**
 * Indexes of the chosen tasks of a DAG in topological order. Setups and teardowns of what is chosen come along.
 * Throws {@link NotFoundError} with "did you mean" for an id that the graph does not have.
 */
export function selectTasks(
  graph: DagGraph,
  choice: Pick<TaskChoice, 'taskIds' | 'upstream' | 'downstream' | 'from' | 'upTo'>,
): readonly number[] {
  const named = namedTasks(graph, choice);
  const chosen = new Set(named);
  for (const edges of chosenEdges(graph, choice)) for (const i of reachable(named, edges)) chosen.add(i);
  narrow(chosen, graph, choice);
  for (const index of [...chosen]) for (const other of setupsAndTeardowns(graph, index)) chosen.add(other);
  return [...chosen].sort((a, b) => a - b);
}

/**
 * The same choice in another run, by the tasks that this one has: other versions have other tasks. Null: it has none of them, or has not
 * begun, so nothing of it is meant.
 */
export function choiceWithin<T extends TaskChoice>(run: RunWork, choice: T): T | null {
  if (run.tasks.length === 0) return null;
  const has = (id: string | undefined) => id === undefined || knows(run.graph, id);
  if (!has(choice.from) || !has(choice.upTo)) return null;
  if (choice.taskIds === undefined) return choice;
  const taskIds = choice.taskIds.filter((id) => knows(run.graph, id));
  return taskIds.length === 0 ? null : { ...choice, taskIds };
}

/** Whether the graph has a task or a group of this id. */
function knows({ indexOf, dag }: DagGraph, id: string): boolean {
  return indexOf.has(id) || dag.tasks.some(({ taskId }) => taskId.startsWith(`${id}.`));
}

/**
 * The chosen task instances of a run and no others, tasks in topological order, indexes ascending. What lies up- or downstream is of the
 * same map index in the groups that are shared. Instances that are `removed` are nobody's choice.
 *
 * Throws {@link NotFoundError} as {@link selectTasks} does, and for a map index that the run does not have; {@link ConflictError}
 * while the run has no tasks because it never began.
 */
export function selectInstances(run: RunWork, choice: TaskChoice): readonly InstanceWork[] {
  if (run.tasks.length === 0) {
    throw new ConflictError(`Run ${run.runId} of ${run.dag.dagId} has not begun: it has no tasks yet.`);
  }
  const { graph } = run;
  const named = namedTasks(graph, choice);
  const starts = named.flatMap((index) => instancesUnder(run, index, choice.mapPath ?? ''));
  if (starts.length === 0 && choice.mapPath !== undefined) {
    throw new NotFoundError(
      `Map index of ${named.map((index) => graph.tasks[index]!.spec.taskId).join(', ')}`,
      choice.mapPath,
      `Looked in run ${run.runId}.`,
    );
  }
  const chosen = new Set(starts);
  for (const edges of chosenEdges(graph, choice)) {
    for (const index of reachable(named, edges)) {
      const { levels } = graph.tasks[index]!;
      const prefixes = new Set(
        starts.map(({ task, mapPath }) => pathPrefix(mapPath, sharedDepth(task.levels, levels))),
      );
      for (const prefix of prefixes) for (const one of instancesUnder(run, index, prefix)) chosen.add(one);
    }
  }
  const indexes = new Set([...chosen].map(({ task }) => task.index));
  narrow(indexes, graph, choice);
  const all = new Set<InstanceWork>();
  for (const instance of chosen) {
    const { index } = instance.task;
    if (!indexes.has(index) || (choice.onlyFailed === true && !isFailure(instance))) continue;
    all.add(instance);
  }
  return inOrder(all);
}

/** What is to run again, with the setups and teardowns around it: of its own map index where they share the group. */
export function withSetupsAndTeardowns(
  { graph }: RunWork,
  chosen: readonly InstanceWork[],
): readonly InstanceWork[] {
  const all = new Set(chosen);
  for (const instance of chosen) {
    for (const other of setupsAndTeardowns(graph, instance.task.index))
      for (const one of relevantInstances(instance, other)) all.add(one);
  }
  return inOrder(all);
}

function inOrder(instances: ReadonlySet<InstanceWork>): readonly InstanceWork[] {
  return [...instances]
    .filter(({ state }) => state !== 'removed')
    .sort((a, b) => a.task.index - b.task.index || (a.mapSort < b.mapSort ? -1 : 1));
}

function namedTasks(graph: DagGraph, { taskIds }: TaskChoice): readonly number[] {
  return taskIds === undefined ? graph.tasks.map(({ index }) => index) : resolveIds(graph, taskIds);
}

type Edges = (index: number) => readonly number[];

const upstreamOf =
  ({ tasks }: DagGraph): Edges =>
  (index) =>
    tasks[index]!.upstream;
const downstreamOf =
  ({ tasks }: DagGraph): Edges =>
  (index) =>
    tasks[index]!.downstream;

function chosenEdges(graph: DagGraph, { upstream, downstream }: TaskChoice): readonly Edges[] {
  return [
    ...(upstream === true ? [upstreamOf(graph)] : []),
    ...(downstream === true ? [downstreamOf(graph)] : []),
  ];
}

function narrow(chosen: Set<number>, graph: DagGraph, { from, upTo }: TaskChoice): void {
  if (from !== undefined) keepOnly(chosen, graph, from, downstreamOf(graph));
  if (upTo !== undefined) keepOnly(chosen, graph, upTo, upstreamOf(graph));
}

function keepOnly(chosen: Set<number>, graph: DagGraph, id: string, edges: Edges): void {
  const ends = resolveIds(graph, [id]);
  const reached = reachable(ends, edges);
  for (const end of ends) reached.add(end);
  for (const index of chosen) if (!reached.has(index)) chosen.delete(index);
}

const isFailure = ({ state, decision }: InstanceWork): boolean =>
  state === 'failed' || state === 'upstream_failed' || (state === 'skipped' && decision === ENDED_WITH_RUN);

function resolveIds(graph: DagGraph, ids: readonly string[]): number[] {
  return ids.flatMap((id) => {
    const index = graph.indexOf.get(id);
    if (index !== undefined) return [index];
    const members = graph.tasks
      .filter((task) => task.spec.taskId.startsWith(`${id}.`))
      .map((task) => task.index);
    if (members.length > 0) return members;
    const guess = didYouMean(id, graph.indexOf.keys());
    throw new NotFoundError(
      `Task of ${graph.dag.dagId}`,
      id,
      guess === undefined ? '' : `Did you mean "${guess}"?`,
    );
  });
}

function setupsAndTeardowns({ tasks }: DagGraph, index: number): readonly number[] {
  return tasks[index]!.setups.flatMap((setup) => [
    setup,
    ...tasks[setup]!.downstream.filter((i) => tasks[i]!.spec.isTeardown),
  ]);
}
