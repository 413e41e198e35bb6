import { InvalidInputError } from '../errors.ts';
import { type DagGraph, subGraph } from './dag-graph.ts';
import { selectTasks } from './task-selection.ts';
import type { BackfillOptions } from './work.ts';

/**
 * The tasks that the runs of a backfill are about, in topological order; null: all of the DAG. Throws `NotFoundError` for an id that the
 * DAG does not have, and {@link InvalidInputError} when a task reads what another one returns that is left out.
 */
export function backfillTasks(
  graph: DagGraph,
  {
    taskIds,
    upstream = false,
    downstream = false,
  }: Pick<BackfillOptions, 'taskIds' | 'upstream' | 'downstream'>,
): readonly string[] | null {
  if (taskIds === undefined) return null;
  const chosen = selectTasks(graph, { taskIds, upstream, downstream });
  const ids = chosen.map((index) => graph.tasks[index]!.spec.taskId);
  const kept = new Set(ids);
  for (const { spec, levels } of chosen.map((index) => graph.tasks[index]!)) {
    const lists = levels.flatMap(({ sources }) => sources);
    const missing = [...spec.inputs, ...lists].find((input) => !kept.has(input.taskId));
    if (missing === undefined) continue;
    throw new InvalidInputError(
      `${spec.taskId} reads what ${missing.taskId} returns, which is not among the chosen tasks: choose it too, or add its upstream.`,
    );
  }
  return ids;
}

/** The graph that the runs of a backfill have. */
export function backfillGraph(graph: DagGraph, options: Parameters<typeof backfillTasks>[1]): DagGraph {
  return subGraph(graph, backfillTasks(graph, options));
}
