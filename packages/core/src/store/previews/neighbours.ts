import type { TaskSelection } from '../../intents/index.ts';
import type { RunWork } from '../../rules/index.ts';
import type { Store } from '../store.ts';

/** Runs of the DAG with an earlier, or a later, logical date, as far as the selection means them. */
export async function neighbourIds(
  store: Store,
  dagId: string,
  { key, logicalDate }: RunWork,
  { past, future }: TaskSelection,
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
