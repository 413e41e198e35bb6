import { InvalidInputError } from '../../errors.ts';
import { type DagGraph, subGraph } from '../graph/dag-graph.ts';
import { selectTasks, type TaskChoice } from './task-selection.ts';

type Choice = Pick<TaskChoice, 'taskIds' | 'upstream' | 'downstream' | 'upTo'>;

/**
 * The tasks that a run is about when some are chosen, in topological order, with their setups and teardowns; null: all of the DAG. Throws
 * `NotFoundError` for an id that the DAG does not have, and {@link InvalidInputError} when a task reads what another one returns that is
 * left out.
 */
export function chosenTasks(graph: DagGraph, choice: Choice): readonly string[] | null {
  if (choice.taskIds === undefined && choice.upTo === undefined) return null;
  const chosen = selectTasks(graph, choice);
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

/** The graph that such a run has. */
export function chosenGraph(graph: DagGraph, choice: Choice): DagGraph {
  return subGraph(graph, chosenTasks(graph, choice));
}
