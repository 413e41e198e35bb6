import { NotFoundError } from '../../errors.ts';
import type { Store } from '../store.ts';
import type { DagTable } from '../tables.ts';

/** The row of a DAG. Throws {@link NotFoundError}. */
export async function dagRow(store: Store, dagId: string): Promise<DagTable> {
  const row = await store.db.selectFrom('dag').selectAll().where('dagId', '=', dagId).executeTakeFirst();
  if (row === undefined) throw new NotFoundError('DAG', dagId);
  return row;
}
