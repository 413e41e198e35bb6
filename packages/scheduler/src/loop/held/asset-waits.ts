import type { AssetWait } from '@tsflow/core/dag';
import type { InstanceWork, RunWork } from '@tsflow/core/rules';

/** The instances that wait for events of assets: an event costs those that wait for its asset in a DAG that hears of it, never others. */
export class AssetWaits {
  /** By DAG, then by asset. */
  readonly #waits = new Map<string, Map<string, Set<InstanceWork>>>();
  /** The asset that each was taken in for. */
  readonly #ofRun = new Map<RunWork, Map<InstanceWork, string>>();

  /** Takes an instance in, if it waits for an asset. */
  add(instance: InstanceWork): void {
    const wait = assetWaitOf(instance);
    if (wait === null) return;
    this.#remove(instance);
    const { run } = instance;
    const byAsset = this.#waits.get(run.dag.dagId) ?? new Map<string, Set<InstanceWork>>();
    this.#waits.set(run.dag.dagId, byAsset);
    byAsset.set(wait.asset, (byAsset.get(wait.asset) ?? new Set()).add(instance));
    this.#ofRun.set(run, (this.#ofRun.get(run) ?? new Map()).set(instance, wait.asset));
  }

  /** Instances of a DAG that still wait for an asset, with what for exactly. Those that do no longer are let go. */
  of(dagId: string, asset: string): readonly (readonly [InstanceWork, AssetWait])[] {
    const found: (readonly [InstanceWork, AssetWait])[] = [];
    for (const instance of [...(this.#waits.get(dagId)?.get(asset) ?? [])]) {
      const wait = assetWaitOf(instance);
      if (wait?.asset === asset) found.push([instance, wait]);
      else this.#remove(instance);
    }
    return found;
  }

  /** A run ended: nothing of it waits any more. Costs what waited. */
  forgetRun(run: RunWork): void {
    for (const instance of [...(this.#ofRun.get(run)?.keys() ?? [])]) this.#remove(instance);
  }

  #remove(instance: InstanceWork): void {
    const { run } = instance;
    const ofRun = this.#ofRun.get(run);
    const asset = ofRun?.get(instance);
    if (ofRun === undefined || asset === undefined) return;
    ofRun.delete(instance);
    if (ofRun.size === 0) this.#ofRun.delete(run);
    const byAsset = this.#waits.get(run.dag.dagId);
    const waits = byAsset?.get(asset);
    waits?.delete(instance);
    if (waits?.size === 0) byAsset?.delete(asset);
    if (byAsset?.size === 0) this.#waits.delete(run.dag.dagId);
  }
}

/** The asset that an instance waits for; null: it waits for none. */
export function assetWaitOf({ state, attempt }: InstanceWork): AssetWait | null {
  const on = state === 'deferred' ? attempt?.waiting?.deferral?.on : undefined;
  return on?.kind === 'asset' ? on : null;
}
