import { type Asset, isAsset } from '../assets/index.ts';
import type { OptionChecks } from './operator-options.ts';
import { isContainer, type Templated } from './template.ts';

/**
 * An asset that a task updates: it has an event when the task succeeds, never when it fails or is skipped. With an object, the event says
 * which part of the asset is new and what else is to be known about it; both are resolved after the task has done its work.
 */
export type Outlet =
  | Asset
  | {
      readonly asset: Asset;
      /** The part that is new, such as `'{{ ds }}'`. Default: the asset has no parts. */
      readonly partition?: Templated<string> | undefined;
      /** A JSON object; values in it may be templated. */
      readonly extra?: { readonly [key: string]: unknown } | undefined;
    };

/** An outlet after checks. */
export interface OutletSettings {
  readonly asset: Asset;
  /** As the author gave it; null: none. */
  readonly partition: Templated<string> | null;
  readonly extra: { readonly [key: string]: unknown };
}

/** Checks the outlets of a task. Throws `DagDefinitionError`. */
export function outletsOf(given: readonly Outlet[], check: OptionChecks): readonly OutletSettings[] {
  if (!Array.isArray(given)) throw check.refuse('outlets', 'a list of assets', given);
  const outlets = given.map((outlet: Outlet): OutletSettings => {
    if (isAsset(outlet)) return { asset: outlet, partition: null, extra: {} };
    if (!isContainer(outlet) || !isAsset(outlet.asset)) {
      throw check.refuse('outlets', 'assets: new Asset("orders"), or { asset, partition, extra }', outlet);
    }
    return { asset: outlet.asset, partition: outlet.partition ?? null, extra: outlet.extra ?? {} };
  });
  const names = outlets.map(({ asset }) => asset.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw check.refuse('outlets', 'each asset once', twice);
  return outlets;
}
