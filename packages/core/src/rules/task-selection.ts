import { ConflictError, didYouMean, NotFoundError } from '../errors.ts';
import type { TaskState } from '../state/index.ts';
import { type DagGraph, reachable } from './dag-graph.ts';
import type { InstanceWork, RunWork } from './work.ts';

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
  /** failed and upstream_failed only. */
  readonly onlyFailed?: boolean;
}

/**
 * Indexes of the chosen tasks in topological order. Setups and teardowns of what is chosen come along (semantics, section 14).
 * Throws {@link NotFoundError} with "did you mean" for an id that the graph does not have.
 */
export function selectTasks(
  graph: DagGraph,
  choice: TaskChoice,
  stateOf: (index: number) => TaskState,
): readonly number[] {
  const named =
    choice.taskIds === undefined ? graph.tasks.map((task) => task.index) : resolveIds(graph, choice.taskIds);
  const chosen = new Set(named);
  if (choice.upstream === true)
    for (const i of reachable(named, (at) => graph.tasks[at]!.upstream)) chosen.add(i);
  if (choice.downstream === true)
    for (const i of reachable(named, (at) => graph.tasks[at]!.downstream)) chosen.add(i);
  if (choice.from !== undefined) keepOnly(chosen, graph, choice.from, (at) => graph.tasks[at]!.downstream);
  if (choice.upTo !== undefined) keepOnly(chosen, graph, choice.upTo, (at) => graph.tasks[at]!.upstream);
  const kept = [...chosen].filter((i) => choice.onlyFailed !== true || isFailure(stateOf(i)));
  return withSetupsAndTeardowns(graph, kept).sort((a, b) => a - b);
}

/**
 * The same choice in another run, by the tasks that this one has: other versions have other tasks. Null: it has none of them, or has not
 * begun, so nothing of it is meant.
 */
export function choiceWithin<T extends TaskChoice>(run: RunWork, choice: T): T | null {
  if (run.instances.length === 0) return null;
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

/** The chosen task instances of a run. Throws {@link ConflictError} while the run has none, because it never began. */
export function selectInstances(run: RunWork, choice: TaskChoice): readonly InstanceWork[] {
  if (run.instances.length === 0) {
    throw new ConflictError(`Run ${run.runId} of ${run.dag.dagId} has not begun: it has no tasks yet.`);
  }
  return selectTasks(run.graph, choice, (index) => run.instances[index]!.state).map(
    (index) => run.instances[index]!,
  );
}

function keepOnly(
  chosen: Set<number>,
  graph: DagGraph,
  id: string,
  edges: (index: number) => readonly number[],
): void {
  const ends = resolveIds(graph, [id]);
  const reached = reachable(ends, edges);
  for (const end of ends) reached.add(end);
  for (const index of chosen) if (!reached.has(index)) chosen.delete(index);
}

const isFailure = (state: TaskState): boolean => state === 'failed' || state === 'upstream_failed';

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

function withSetupsAndTeardowns(graph: DagGraph, chosen: readonly number[]): number[] {
  const all = new Set(chosen);
  for (const index of chosen) {
    for (const setup of graph.tasks[index]!.setups) {
      all.add(setup);
      for (const i of graph.tasks[setup]!.downstream) if (graph.tasks[i]!.spec.isTeardown) all.add(i);
    }
  }
  return [...all];
}
