export { type AlertSummary, listAlerts } from './alert.ts';
export {
  type AssetDetails,
  type AssetEventSummary,
  type AssetSummary,
  getAsset,
  listAssets,
  listRunAssetEvents,
  staleAssets,
} from './asset.ts';
export { type Attempt, attemptRow, listAttempts } from './attempt.ts';
export { type Backfill, getBackfill, listBackfills } from './backfill.ts';
export {
  type CallbackState,
  type CallbackSummary,
  callbackRow,
  type ListAllCallbacksArgs,
  listAllCallbacks,
  listCallbacks,
} from './callback.ts';
export { type DagDetails, type DagSummary, getDag, type ListDagsArgs, listDags } from './dag.ts';
export {
  type DagVersionDetails,
  type DagVersionSummary,
  getDagVersion,
  listDagVersions,
} from './dag-version.ts';
export {
  type ListMissedDeadlinesArgs,
  listDeadlines,
  listMissedDeadlines,
  listOpenDeadlines,
  type MissedDeadline,
  type RunDeadline,
} from './deadline.ts';
export { type DeadlineReportArgs, reportDeadlines } from './deadline-report.ts';
export { type DurationAlarm, DurationWatch } from './duration-alarms.ts';
export {
  type EventNames,
  type EventSummary,
  eventNames,
  type ListEventsArgs,
  listEvents,
  listRunEvents,
} from './event.ts';
export { type GanttPause, type GanttSegment, runGantt } from './gantt.ts';
export { type DagGrid, dagGrid, type GridColumn, type GridTask, STATE_LETTERS } from './grid.ts';
export { type ImportError, listImportErrors } from './import-error.ts';
export { type NextRuns, nextRuns, type PlannedRun } from './next-run.ts';
export { MAX_PAGE_ROWS, type Page, type PageArgs } from './page.ts';
export { type ListPoolTasksArgs, listPoolTasks, type PoolTask } from './pool-task.ts';
export { getRun, type ListRunsArgs, listRuns, type RunArgs, type RunSummary } from './run.ts';
export type { RunBar } from './run-bar.ts';
export { infoOfSchedulers, type Parallelism, parallelism, type SchedulerInfo } from './scheduler.ts';
export { median, medianTaskDurations } from './task-duration.ts';
export {
  getTaskInstance,
  listTaskInstances,
  type TaskInstance,
  type TaskInstanceArgs,
} from './task-instance.ts';
export { type Timeline, type TimelineDag, timeline } from './timeline.ts';
export { listXcoms, type Xcom } from './xcom.ts';
