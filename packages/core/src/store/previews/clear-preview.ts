import { type ClearedTask, type ClearPayload, planClear } from '../../intents/index.ts';
import type { Store } from '../store.ts';
import { dagSnapshot, runSnapshot } from './snapshot.ts';

export interface ClearPreview {
  /** Version that the tasks would run with. */
  readonly version: string;
  readonly versionNumber: number;
  readonly tasks: readonly ClearedTask[];
}

/** What a clear would touch, by the very functions that carry it out. Reads only. */
export async function clearPreview(
  store: Store,
  dagId: string,
  payload: ClearPayload,
): Promise<ClearPreview> {
  const { dag, graph, versionNumber } = await dagSnapshot(store, dagId);
  const first = await runSnapshot(store, dag, payload.runId);
  const runs = [first];
  for (const runId of await neighbourIds(store, dagId, first.logicalDate, first.key, payload)) {
    runs.push(await runSnapshot(store, dag, runId));
  }
  const tasks = runs.flatMap((run) =>
    planClear(run, payload).map(({ task, mapPath, state }) => ({
      runId: run.runId,
      taskId: task.spec.taskId,
      mapPath,
      state,
    })),
  );
  if (payload.sameVersion !== true) return { version: graph.version, versionNumber, tasks };
  const kept = await store.catalog.version(first.graph.version);
  return { version: first.graph.version, versionNumber: kept?.number ?? 0, tasks };
}

async function neighbourIds(
  store: Store,
  dagId: string,
  logicalDate: number,
  key: number,
  { past, future }: ClearPayload,
): Promise<readonly string[]> {
  if (past !== true && future !== true) return [];
  const rows = await store.db
    .selectFrom('dagRun')
    .select('runId')
    .where('dagId', '=', dagId)
    .where('key', '!=', key)
    .$if(past !== true, (query) => query.where('logicalDate', '>', logicalDate))
    .$if(future !== true, (query) => query.where('logicalDate', '<', logicalDate))
    .orderBy('logicalDate')
    .execute();
  return rows.map((row) => row.runId);
}
