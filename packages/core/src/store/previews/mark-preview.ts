import type { ClearedTask, MarkTasksPayload } from '../../intents/index.ts';
import { selectTasks } from '../../rules/index.ts';
import type { Store } from '../store.ts';
import { dagSnapshot, runSnapshot } from './snapshot.ts';

export interface MarkPreview {
  /** Version of the run. */
  readonly version: string;
  readonly versionNumber: number;
  readonly tasks: readonly ClearedTask[];
}

/** Which tasks of a run would be set to another state by hand, and the state that each has now. Reads only. */
export async function markPreview(
  store: Store,
  dagId: string,
  payload: MarkTasksPayload,
): Promise<MarkPreview> {
  const { dag } = await dagSnapshot(store, dagId);
  const run = await runSnapshot(store, dag, payload.runId);
  const stateOf = (index: number) => run.instances[index]?.state ?? 'none';
  const tasks = selectTasks(run.graph, payload, stateOf)
    .filter((index) => stateOf(index) !== payload.state)
    .map((index) => ({
      runId: run.runId,
      taskId: run.graph.tasks[index]!.spec.taskId,
      mapPath: run.instances[index]?.mapPath ?? '',
      state: stateOf(index),
    }));
  const version = await store.catalog.version(run.graph.version);
  return { version: run.graph.version, versionNumber: version?.number ?? 0, tasks };
}
