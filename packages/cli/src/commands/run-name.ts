import { NotFoundError } from '@tsflow/core/errors';
import { answerOf, type Schemas } from '../door/api.ts';
import type { Door } from '../door/door.ts';

/** The id of the run that is meant: itself, or the newest one for the word `latest`. Throws {@link NotFoundError} in words. */
export async function findRun({ api }: Door, dagId: string, given: string): Promise<string> {
  if (given !== 'latest') return given;
  const { items } = await answerOf(
    api.GET('/dags/{dagId}/runs', { params: { path: { dagId }, query: { limit: 1 } } }),
  );
  const [newest] = items;
  if (newest === undefined) throw new NotFoundError('run', 'latest', `${dagId} has no runs yet.`);
  return newest.runId;
}

/** One DAG with its definition. */
export function dagOf({ api }: Door, dagId: string): Promise<Schemas['DagDetails']> {
  return answerOf(api.GET('/dags/{dagId}', { params: { path: { dagId } } }));
}

/** The definition of a DAG's newest version. Throws {@link NotFoundError} when none was ever loaded. */
export async function serializedDag(
  door: Door,
  dagId: string,
): Promise<NonNullable<Schemas['SerializedDag']>> {
  const { serialized } = await dagOf(door, dagId);
  if (serialized === null) throw new NotFoundError('version of DAG', dagId, 'It was never loaded.');
  return serialized;
}
