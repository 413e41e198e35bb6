import { didYouMean, NotFoundError } from '../../errors.ts';
import type { Store } from '../store.ts';
import type { DagTable } from '../tables.ts';

/** The row of a DAG. Throws {@link NotFoundError}, with the DAG that was probably meant. */
export async function dagRow(store: Store, dagId: string): Promise<DagTable> {
  const row = await store.db.selectFrom('dag').selectAll().where('dagId', '=', dagId).executeTakeFirst();
  if (row !== undefined) return row;
  throw noSuchDag(dagId, await store.db.selectFrom('dag').select('dagId').execute());
}

/** What is said when a DAG is asked for that is not among the `known` ones. */
export function noSuchDag(dagId: string, known: readonly Pick<DagTable, 'dagId'>[]): NotFoundError {
  const meant = didYouMean(
    dagId,
    known.map((row) => row.dagId),
  );
  return new NotFoundError(
    'DAG',
    dagId,
    meant === undefined
      ? 'See `tsflow dags list`, and `tsflow check` for files that do not load.'
      : `Did you mean "${meant}"?`,
  );
}
