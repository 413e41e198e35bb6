import type { IntentTable } from '@tsflow/core/store';
import type { World } from '../held/world.ts';

/**
 * The next intents for DAGs that are held here, oldest first. Nearly always there are none, or few, so all that are pending are asked for; the
 * database is told which DAGs are held only when so many stand in front that are another scheduler's.
 */
export async function pendingIntents({ held, store }: World, limit: number): Promise<readonly IntentTable[]> {
  if (limit === 0 || held.dags.size === 0) return [];
  const rows = await store.intents.pending(null, limit);
  const own = rows.filter(({ dagId }) => held.dags.has(dagId));
  if (own.length === rows.length || rows.length < limit) return own;
  return store.intents.pending([...held.dags.keys()], limit);
}
