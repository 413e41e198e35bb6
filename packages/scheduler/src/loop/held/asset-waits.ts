import type { AssetWait } from '@tsflow/core/dag';
import type { InstanceWork } from '@tsflow/core/rules';

/** The instances that wait for events of assets, by DAG: an event costs the waits of the DAGs that hear of it, never their tasks. */
export class AssetWaits {
  readonly #byDag = new Map<string, Set<InstanceWork>>();

  /** Takes an instance in, if it waits for an asset. */
  add(instance: InstanceWork): void {
    if (assetWaitOf(instance) === null) return;
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
      const wait = assetWaitOf(instance);
      if (wait === null) waits!.delete(instance);
      else found.push([instance, wait]);
    }
    return found;
  }
}

/** The asset that an instance waits for; null: it waits for none. */
export function assetWaitOf({ state, attempt }: InstanceWork): AssetWait | null {
  const on = state === 'deferred' ? attempt?.waiting?.deferral?.on : undefined;
  return on?.kind === 'asset' ? on : null;
}
