import { type ClearedTask, describeInstance, type MarkTasksPayload, planMark } from '../../intents/index.ts';
import { choiceWithin, type RunWork } from '../../rules/index.ts';
import type { Store } from '../store.ts';
import { neighbourRuns } from './neighbours.ts';
import { dagSnapshot, runSnapshot } from './snapshot.ts';

export interface MarkPreview {
  /** Version of the run. */
  readonly version: string;
  readonly versionNumber: number;
  readonly tasks: readonly ClearedTask[];
}

/** Which task instances would be set to another state by hand, and the state that each has now. Reads only. */
export async function markPreview(
  store: Store,
  dagId: string,
  payload: MarkTasksPayload,
): Promise<MarkPreview> {
  const { dag } = await dagSnapshot(store, dagId);
  const first = await runSnapshot(store, dag, payload.runId);
  const tasks = changed(first, payload);
  for (const { runId } of await neighbourRuns(store, first, payload)) {
    const run = await runSnapshot(store, dag, runId);
    const choice = choiceWithin(run, payload);
    if (choice !== null) tasks.push(...changed(run, choice));
  }
  const version = await store.catalog.version(first.graph.version);
  return { version: first.graph.version, versionNumber: version?.number ?? 0, tasks };
}

function changed(run: RunWork, payload: MarkTasksPayload): ClearedTask[] {
  return planMark(run, payload).map(describeInstance);
}
