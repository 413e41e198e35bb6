import { validateVariable } from '@tsflow/core/config';
import type { AnyDag } from '@tsflow/core/dag';
import type { Json } from '@tsflow/core/json';
import { dagHorizon, serializeDag } from '@tsflow/core/serialization';
import type { Store } from '@tsflow/core/store';

/** Records the DAG as the dag processor would, without files behind it. */
export async function recordDag(store: Store, dag: AnyDag, at: number): Promise<void> {
  const serialized = serializeDag(dag);
  const need = { mark: null, range: null };
  const known = dagHorizon(dag, need, at);
  const active = { ...serialized, pausedUponCreation: false };
  const version = {
    version: serialized.dagId,
    bundle: serialized.dagId,
    entry: 'dag',
    lockfileDigest: null,
    files: [],
    serialized: active,
    ...(known === null ? {} : { horizon: { known, need } }),
  };
  const file = { path: `${serialized.dagId}.ts`, digest: serialized.dagId, modifiedAt: at, parseMs: 0 };
  await store.catalog.record({ at, parsed: [{ file, dags: [version] }], failed: [], removed: [] });
}

/** Sets a Variable as a person would. Throws `InvalidInputError` for a bad value of tsflow's own. */
export async function storeVariable(store: Store, key: string, value: Json, at: number): Promise<void> {
  const checked = validateVariable(key, value);
  await store.variables.set({ key, value: JSON.stringify(checked), actor: 'test', at });
}
