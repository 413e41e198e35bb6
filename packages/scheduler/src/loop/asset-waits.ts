import type { AssetWait } from '@tsflow/core/dag';
import { answered, assetWaitSince, type Changes, endsAssetWait, type InstanceWork } from '@tsflow/core/rules';
import { toldEvent } from './asset-event.ts';
import type { World } from './world.ts';

/** The instances that wait for events of assets, by DAG: an event costs the waits of the DAGs that hear of it, never their tasks. */
export class AssetWaits {
  readonly #byDag = new Map<string, Set<InstanceWork>>();

  /** Takes an instance in, if it waits for an asset. */
  add(instance: InstanceWork): void {
    if (waitOf(instance) === null) return;
    const { dagId } = instance.run.dag;
    const waits = this.#byDag.get(dagId) ?? new Set<InstanceWork>();
    waits.add(instance);
    this.#byDag.set(dagId, waits);
  }

  forget(dagId: string): void {
    this.#byDag.delete(dagId);
  }

  /** Instances of a DAG that still wait, with what for. Those that do no longer are let go. */
  of(dagId: string): readonly (readonly [InstanceWork, AssetWait])[] {
    const waits = this.#byDag.get(dagId);
    const found: (readonly [InstanceWork, AssetWait])[] = [];
    for (const instance of waits ?? []) {
      const wait = waitOf(instance);
      if (wait === null) waits!.delete(instance);
      else found.push([instance, wait]);
    }
    return found;
  }
}

/** An instance has begun to wait, which is committed: what it waits for may have come before. */
export async function lookForAsset(
  world: World,
  payload: { readonly attemptId: number; readonly grantNumber: number },
  changes: Changes,
): Promise<void> {
  const instance = world.held.instanceOf(payload.attemptId);
  const wait = instance === undefined ? null : waitOf(instance);
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
  for (const [instance, wait] of world.held.assetWaits.of(dagId)) {
    if (!endsAssetWait(wait, instance.run, event)) continue;
    const first = await world.store.assets.firstEvent({ ...wait, since: assetWaitSince(wait, instance.run) });
    if (first !== null) answered(instance, toldEvent(first), changes);
  }
}

function waitOf({ state, attempt }: InstanceWork): AssetWait | null {
  const on = state === 'deferred' ? attempt?.waiting?.deferral?.on : undefined;
  return on?.kind === 'asset' ? on : null;
}
