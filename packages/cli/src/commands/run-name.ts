import { didYouMean, NotFoundError } from '@tsflow/core/errors';
import { getDag, listRuns } from '@tsflow/core/queries';
import type { Store } from '@tsflow/core/store';

/** The id of the run that is meant: itself, or the newest one for the word `latest`. Throws {@link NotFoundError} in words. */
export async function findRun(store: Store, dagId: string, given: string): Promise<string> {
  await assertDag(store, dagId);
  if (given !== 'latest') return given;
  const [newest] = (await listRuns(store, { dagId, limit: 1 })).items;
  if (newest === undefined) throw new NotFoundError('run', 'latest', `${dagId} has no runs yet.`);
  return newest.runId;
}

/** Throws {@link NotFoundError}, with the DAG that was probably meant, unless there is such a DAG. */
export async function assertDag(store: Store, dagId: string): Promise<void> {
  const known = await store.db.selectFrom('dag').select('dagId').execute();
  if (known.some((dag) => dag.dagId === dagId)) return;
  const meant = didYouMean(
    dagId,
    known.map((dag) => dag.dagId),
  );
  throw new NotFoundError(
    'DAG',
    dagId,
    meant === undefined
      ? 'See `tsflow dags list`, and `tsflow check` for files that do not load.'
      : `Did you mean "${meant}"?`,
  );
}

/** The definition of a DAG's newest version. Throws {@link NotFoundError}. */
export async function serializedDag(store: Store, dagId: string) {
  await assertDag(store, dagId);
  const { serialized } = await getDag(store, { dagId });
  if (serialized === null) throw new NotFoundError('version of DAG', dagId, 'It was never loaded.');
  return serialized;
}
