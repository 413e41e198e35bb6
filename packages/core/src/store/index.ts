export { askDag, type DagAnswer, type DagRequest, wakeSchedulers } from './ask.ts';
export { assetEventIntent } from './assets.ts';
export { type ConnectionFacts, ConnectionVault } from './connection-vault.ts';
export { type EnsureHorizonOptions, ensureHorizon, knownTimetable } from './horizons.ts';
export { loadLists } from './load-lists.ts';
export { openStore, type StoreOptions } from './open-store.ts';
export type { PingMessage, PingReply } from './ping.ts';
export { DEFAULT_POOL, poolLimit, poolSlots } from './pools.ts';
export {
  type AssetEventAnswer,
  type AssetEventConsumer,
  postAssetEvent,
} from './post-asset-event.ts';
export { type BackfillPreview, backfillPreview } from './previews/backfill-preview.ts';
export { type ClearPreview, clearPreview, type PlannedClear } from './previews/clear-preview.ts';
export { type MarkPreview, markPreview } from './previews/mark-preview.ts';
export { MAX_NEIGHBOURS, neighbourRuns } from './previews/neighbours.ts';
export { whyRun, whyTask } from './previews/readiness-preview.ts';
export { type ReschedulePreview, reschedulePreview } from './previews/reschedule-preview.ts';
export { runTaskPreview } from './previews/run-task-preview.ts';
export { restoreCallback, restoreDag, restoreInstances, restoreRun } from './restore-dag.ts';
export { KeyFile } from './secrets/key-file.ts';
export { SecretUnreadableError } from './secrets/secret-box.ts';
export type {
  AssetPort,
  CatalogPort,
  Channel,
  DagWork,
  EventTail,
  HorizonPort,
  HorizonSurvey,
  IntentPort,
  KnownHorizon,
  LeasePort,
  ParsedDag,
  ParsedFile,
  ParsePass,
  PoolPort,
  PoolUse,
  PostedAssetEvent,
  RunnerPort,
  SavedState,
  Store,
  TurnPort,
  VariablePort,
} from './store.ts';
export {
  CompareAndSetError,
  ContentRefusedError,
  DatabaseError,
  type DatabaseFailure,
  SchedulerRunningError,
} from './store-errors.ts';
export type * from './tables.ts';
export type * from './turn.ts';
export { emptyEffects } from './turn.ts';
export { concurrencyCounter, poolCounter } from './turn-counters.ts';
