import type { components } from '../../../src/generated/openapi.ts';

/**
 * The words of the REST API by the names the UI uses. They are generated from the server's `openapi.json` (`npm run openapi`), so
 * that what the server says and what the pages read cannot drift apart unseen.
 */
type Schemas = components['schemas'];

export type Role = Schemas['Role'];
export type TaskState = Schemas['TaskState'];
export type RunState = Schemas['RunState'];
export type RunBar = Schemas['RunBar'];
export type Dag = Schemas['Dag'];
export type DagDetail = Schemas['DagDetails'];
export type SerializedDag = NonNullable<Schemas['SerializedDag']>;
export type SerializedTask = Schemas['SerializedTask'];
export type SerializedGroup = Omit<Schemas['SerializedGroup'], 'doc'>;
export type Grid = Schemas['DagGrid'];
export type GridTask = Grid['tasks'][number];
export type GridColumn = Schemas['GridColumn'];
export type Run = Schemas['Run'];
export type TaskInstance = Schemas['TaskInstance'];
export type TaskInstanceDetail = Schemas['TaskInstanceDetails'];
export type SourceFile = Schemas['DagVersionDetails']['files'][number];
export type Attempt = Schemas['Attempt'];
export type GanttSegment = Schemas['GanttSegment'];
export type SelectedTasks = Schemas['SelectedTasks'];
export type SelectedTask = Schemas['SelectedTasks']['tasks'][number];
export type LogPage = Schemas['LogPage'];
export type LogWindow = Schemas['LogWindow'];
export type NumberedLogLine = Schemas['NumberedLogLine'];
export type Check = Schemas['Readiness'];
export type EventRow = Schemas['Event'];
export type Backfill = Schemas['Backfill'];
export type BackfillPreview = Schemas['BackfillPreview'];
export type Variable = Schemas['Variable'];
export type Deadline = Schemas['Deadline'];
export type MissedDeadline = Schemas['MissedDeadline'];
export type Callback = Schemas['Callback'];
export type Alert = Schemas['Alert'];
export type PlannedRun = Schemas['PlannedRun'];
export type RescheduleBody = Schemas['Reschedule'];
export type Rescheduled = Schemas['Rescheduled'];
export type Pool = Schemas['Pool'];
export type PoolTask = Schemas['PoolTask'];
/** A number (-1: none), or what gives it. */
export type Limit = Schemas['PoolSettings']['slots'];
export type Connection = Schemas['Connection'];
export type ConnectionBody = Schemas['NewConnection'];
export type Asset = Schemas['Asset'];
export type AssetEvent = Schemas['AssetEvent'];
export type PostedAssetEvent = Schemas['PostedAssetEvent'];
export type Timeline = Schemas['Timeline'];
export type ServerInfo = Schemas['Info'];
export type DeadlineReport = Schemas['DeadlineReport'];
export type PendingIntent = Schemas['PendingIntent'];
export type ErrorBody = Schemas['Error'];
export type ClearBody = Schemas['Clear'];
export type RunTaskBody = Schemas['RunTask'];
export type TriggerBody = Schemas['Trigger'];
export type BackfillBody = Schemas['NewBackfill'];

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
  readonly total?: number;
}
