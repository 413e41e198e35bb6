import type { TaskSelection } from '../../intents/index.ts';
import type { RunWork } from '../../rules/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable } from '../tables.ts';

/** Runs of the DAG with an earlier, or a later, logical date, as far as the selection means them: what a preview shows is what is done. */
export async function neighbourRuns(
  store: Store,
  { key, dag, logicalDate }: RunWork,
  { past, future }: TaskSelection,
): Promise<readonly DagRunTable[]> {
  if (past !== true && future !== true) return [];
  return store.db
    .selectFrom('dagRun')
    .selectAll()
    .where('dagId', '=', dag.dagId)
    .where('key', '!=', key)
    .$if(past !== true, (query) => query.where('logicalDate', '>', logicalDate))
    .$if(future !== true, (query) => query.where('logicalDate', '<', logicalDate))
    .orderBy('logicalDate')
    .execute();
}
