import { describeInstance, planRunTask, type RunTaskPayload } from '../../intents/index.ts';
import type { Store } from '../store.ts';
import type { ClearPreview } from './clear-preview.ts';
import { dagSnapshot, runSnapshot } from './snapshot.ts';

/** Which instances running one task would touch, and the version they would run with. Reads only. */
export async function runTaskPreview(
  store: Store,
  dagId: string,
  payload: RunTaskPayload,
): Promise<ClearPreview> {
  const { dag, graph, versionNumber } = await dagSnapshot(store, dagId);
  const run = await runSnapshot(store, dag, payload.runId);
  const chosen = planRunTask(run, payload).map(describeInstance);
  const isSame = payload.sameVersion === true;
  const version = isSame ? run.graph.version : graph.version;
  const number = isSame ? ((await store.catalog.version(version))?.number ?? 0) : versionNumber;
  return {
    version,
    versionNumber: number,
    tasks: chosen.map((task) => ({ ...task, versionNumber: number })),
  };
}
