import { ConflictError } from '../../errors.ts';
import type { TaskSelection } from '../../intents/index.ts';
import type { RunWork } from '../../rules/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable } from '../tables.ts';

/** Earlier and later runs that one clear, or one mark, takes with it at most: all of them are one turn of the scheduler, which its lease has to outlast. */
export const MAX_NEIGHBOURS = 500;

/**
 * Runs of the DAG with an earlier, or a later, logical date, as far as the selection means them: what a preview shows is what is done. Throws
 * {@link ConflictError} when they are more than {@link MAX_NEIGHBOURS}, and reads none of them then.
 */
export async function neighbourRuns(
  store: Store,
  { key, dag, logicalDate, runId }: RunWork,
  { past, future }: TaskSelection,
): Promise<readonly DagRunTable[]> {
  if (past !== true && future !== true) return [];
  const neighbours = store.db
    .selectFrom('dagRun')
    .where('dagId', '=', dag.dagId)
    .where('key', '!=', key)
    .$if(past !== true, (query) => query.where('logicalDate', '>', logicalDate))
    .$if(future !== true, (query) => query.where('logicalDate', '<', logicalDate))
    .orderBy('logicalDate');
  const counted = await neighbours
    .select('key')
    .limit(MAX_NEIGHBOURS + 1)
    .execute();
  if (counted.length > MAX_NEIGHBOURS) {
    const where = past !== true ? 'after' : future !== true ? 'before' : 'before and after';
    throw new ConflictError(
      `More than ${MAX_NEIGHBOURS} runs of ${dag.dagId} lie ${where} run ${runId}: one clear or mark takes no more with it. ` +
        `Begin at a run that has fewer, or run the tasks again over a range of dates: tsflow backfill ${dag.dagId} --start DATE --end DATE --reprocess completed --tasks NAMES.`,
    );
  }
  return neighbours.selectAll().execute();
}
