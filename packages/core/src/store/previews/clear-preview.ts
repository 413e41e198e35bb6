import {
  adoptVersion,
  type ClearedTask,
  type ClearPayload,
  describeInstance,
  planClear,
} from '../../intents/index.ts';
import { Changes, choiceWithin, type RunWork, subGraph } from '../../rules/index.ts';
import type { Store } from '../store.ts';
import { neighbourRuns } from './neighbours.ts';
import { dagSnapshot, runSnapshot } from './snapshot.ts';

export interface ClearPreview {
  /** Version that the tasks of the run would run with. */
  readonly version: string;
  readonly versionNumber: number;
  readonly tasks: readonly PlannedClear[];
}

export interface PlannedClear extends ClearedTask {
  /** Number of the version that it would run with: each run keeps its own with `sameVersion`. */
  readonly versionNumber: number;
}

/** What a clear would touch, by the very functions that carry it out. Reads only. */
export async function clearPreview(
  store: Store,
  dagId: string,
  payload: ClearPayload,
): Promise<ClearPreview> {
  const { dag, graph, versionNumber } = await dagSnapshot(store, dagId);
  const first = await runSnapshot(store, dag, payload.runId);
  const runs: [RunWork, ClearPayload][] = [[first, payload]];
  for (const { runId } of await neighbourRuns(store, first, payload)) {
    const run = await runSnapshot(store, dag, runId);
    const choice = choiceWithin(run, payload);
    if (choice !== null) runs.push([run, choice]);
  }
  const tasks: PlannedClear[] = [];
  for (const [run, choice] of runs) {
    // The snapshot is this preview's own: it takes the step to the newest version as the run would.
    if (payload.sameVersion !== true)
      adoptVersion(run, subGraph(graph, run.taskIds), () => -1, new Changes(0));
    const number = payload.sameVersion === true ? await numberOf(store, run) : versionNumber;
    for (const instance of planClear(run, choice))
      tasks.push({ ...describeInstance(instance), versionNumber: number });
  }
  if (payload.sameVersion !== true) return { version: graph.version, versionNumber, tasks };
  return { version: first.graph.version, versionNumber: await numberOf(store, first), tasks };
}

async function numberOf(store: Store, { graph }: RunWork): Promise<number> {
  return (await store.catalog.version(graph.version))?.number ?? 0;
}
