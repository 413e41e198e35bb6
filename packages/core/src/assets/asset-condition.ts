/**
 * When a DAG that is scheduled on assets runs, as plain data: an asset, any of several, or all of several. Holds over the names of
 * the assets that had an event since the last run.
 */
export type AssetCondition =
  | { readonly asset: string }
  | { readonly any: readonly AssetCondition[] }
  | { readonly all: readonly AssetCondition[] };

/** Whether `condition` holds when the assets `updated` had an event. */
export function conditionHolds(condition: AssetCondition, updated: ReadonlySet<string>): boolean {
  if ('asset' in condition) return updated.has(condition.asset);
  if ('any' in condition) return condition.any.some((part) => conditionHolds(part, updated));
  return condition.all.every((part) => conditionHolds(part, updated));
}

/** Every asset that `condition` names, once, in the order in which it names them. */
export function assetsIn(condition: AssetCondition): readonly string[] {
  if ('asset' in condition) return [condition.asset];
  const parts = 'any' in condition ? condition.any : condition.all;
  return [...new Set(parts.flatMap(assetsIn))];
}

/** In words: `orders and (prices or rates)`. */
export function describeCondition(condition: AssetCondition): string {
  if ('asset' in condition) return condition.asset;
  const isAny = 'any' in condition;
  return (isAny ? condition.any : condition.all)
    .map((part) => ('asset' in part ? part.asset : `(${describeCondition(part)})`))
    .join(isAny ? ' or ' : ' and ');
}
