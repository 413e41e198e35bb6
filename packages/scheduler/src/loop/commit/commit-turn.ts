import { failpoint } from '@tsflow/core/failpoint';
import type { Turn, TurnResult } from '@tsflow/core/store';
import type { World } from '../held/world.ts';
import { fileAlerts } from '../news/alert-stage.ts';
import type { TurnDraft } from './turn-draft.ts';
import { turnEffects } from './turn-effects.ts';

/** Writes what a turn decided, in one transaction, on the condition that it is this scheduler's next turn. Null: it changed nothing. */
export async function commitTurn(
  world: World,
  claim: Pick<Turn, 'schedulerId' | 'turn' | 'turnMs'>,
  { changes, intentsDecided }: TurnDraft,
): Promise<TurnResult | null> {
  const { held, keys, limits, store } = world;
  const unnumbered = [...changes.newInstances].filter(({ key }) => key === 0);
  await keys.ensure(unnumbered.length);
  for (const instance of unnumbered) instance.key = keys.take();
  const alerts = await fileAlerts(world, changes);
  const dags = turnEffects(changes, { intentsDecided, alerts }, (dagId) => held.dag(dagId));
  if (dags.length === 0) return null;
  failpoint('before-commit');
  const result = await store.turns.commit({ ...claim, counters: limits.counterChanges(changes), dags });
  failpoint('after-commit');
  return result;
}
