import { createHash } from 'node:crypto';
import { canonicalJson } from '@tsflow/core/json';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { Store } from '@tsflow/core/store';

/** Records DAGs as the dag processor would, without files behind them; returns their versions. */
export async function recordDags(
  store: Store,
  dags: readonly SerializedDag[],
  at = Date.now(),
): Promise<readonly string[]> {
  const parsed = dags.map((serialized) => {
    const version = createHash('sha256').update(canonicalJson(serialized)).digest('hex').slice(0, 16);
    const path = `${serialized.dagId}.ts`;
    return {
      version,
      file: { path, digest: version, modifiedAt: at, parseMs: 1 },
      dags: [
        {
          version,
          bundle: version,
          entry: `${serialized.dagId}.bundle.mjs`,
          lockfileDigest: null,
          files: [],
          serialized,
        },
      ],
    };
  });
  await store.catalog.record({ at, parsed, failed: [], removed: [] });
  return parsed.map(({ version }) => version);
}
