export {
  Asset,
  type AssetExpression,
  type AssetOptions,
  all,
  any,
  checkedAssetName,
  isAsset,
  isAssetExpression,
} from './asset.ts';
export {
  type AssetCondition,
  assetsIn,
  conditionHolds,
  describeCondition,
} from './asset-condition.ts';
export type { AssetEvent, AssetEventFacts, AssetEventSource, EmittedAssetEvent } from './asset-event.ts';
