import { answered, assetWaitSince, type Changes, endsAssetWait } from '@tsflow/core/rules';
import { assetWaitOf } from '../held/asset-waits.ts';
import type { World } from '../held/world.ts';
import { toldEvent } from './asset-event.ts';

/** An instance has begun to wait, which is committed: what it waits for may have come before. */
export async function lookForAsset(
  world: World,
  payload: { readonly attemptId: number; readonly grantNumber: number },
  changes: Changes,
): Promise<void> {
  const instance = world.held.instanceOf(payload.attemptId);
  const wait = instance === undefined ? null : assetWaitOf(instance);
  if (instance === undefined || wait === null || instance.attempt!.grantNumber !== payload.grantNumber)
    return;
  const since = assetWaitSince(wait, instance.run);
  const event = await world.store.assets.firstEvent({ ...wait, since });
  if (event === null) world.held.assetWaits.add(instance);
  else answered(instance, toldEvent(event), changes);
}

/** An event reached a DAG: whoever waits for it there goes on. */
export async function answerAssetWaits(
  world: World,
  dagId: string,
  event: { readonly asset: string; readonly partition: string | null; readonly at: number },
  changes: Changes,
): Promise<void> {
  for (const [instance, wait] of world.held.assetWaits.of(dagId, event.asset)) {
    if (!endsAssetWait(wait, instance.run, event)) continue;
    const first = await world.store.assets.firstEvent({ ...wait, since: assetWaitSince(wait, instance.run) });
    if (first !== null) answered(instance, toldEvent(first), changes);
  }
}
