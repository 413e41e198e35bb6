/**
 * The words of the REST API as the UI reads them: instants are ISO 8601 UTC strings, durations milliseconds.
 * The server's OpenAPI document says the same; `client.ts` is where the two meet.
 */
export type TaskState =
  | 'none'
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'success'
  | 'failed'
  | 'skipped'
  | 'upstream_failed'
  | 'up_for_retry'
  | 'up_for_reschedule'
  | 'deferred'
  | 'restarting'
  | 'removed';

export type RunState = 'queued' | 'running' | 'success' | 'failed';
export type RunType = 'scheduled' | 'manual' | 'backfill' | 'asset_triggered';

export interface Page<T> {
  readonly items: T[];
  readonly nextCursor?: string | null;
  readonly total?: number;
}

export interface RunBar {
  readonly runId: string;
  readonly state: RunState;
  readonly runType: RunType;
  readonly logicalDate: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
}

export interface Dag {
  readonly dagId: string;
  readonly description: string | null;
  readonly tags: string[];
  readonly owner: string | null;
  readonly file: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly isPaused: boolean;
  readonly isStale: boolean;
  readonly version: string | null;
  readonly versionNumber: number | null;
  readonly nextRun: { readonly logicalDate: string; readonly runAfter: string } | null;
  readonly hasImportError: boolean;
  readonly maxActiveRuns: number;
  readonly lastRuns: RunBar[];
}

export interface SerializedTask {
  readonly taskId: string;
  readonly groupId: string | null;
  readonly operator: string;
  readonly doc: string | null;
  readonly owner: string | null;
  readonly triggerRule: string;
  readonly upstream: string[];
  readonly downstream: string[];
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly executionTimeoutMs: number | null;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  readonly dependsOnPast: boolean;
  readonly isSetup: boolean;
  readonly isTeardown: boolean;
}

export interface SerializedGroup {
  readonly groupId: string;
  readonly parentId: string | null;
  readonly label: string;
}

export interface SerializedDag {
  readonly dagId: string;
  readonly description: string | null;
  readonly doc: string | null;
  readonly tags: string[];
  readonly timezone: string;
  readonly schedule: string;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly catchup: boolean;
  readonly maxActiveRuns: unknown;
  readonly maxActiveTasks: unknown;
  readonly dagRunTimeoutMs: number | null;
  readonly failFast: boolean;
  readonly paramsSchema: Record<string, unknown> | null;
  readonly paramsDefaults: Record<string, unknown>;
  readonly tasks: SerializedTask[];
  readonly groups: SerializedGroup[];
}

export interface DagDetail extends Dag {
  readonly serialized: SerializedDag | null;
  readonly doc: string | null;
}

export interface DagVersion {
  readonly version: string;
  readonly number: number;
  readonly createdAt: string;
}

export interface DagVersionDetail extends DagVersion {
  readonly serialized: SerializedDag;
  readonly files: { readonly path: string; readonly content: string }[];
}

export interface GridTask {
  readonly taskId: string;
  readonly groupId: string | null;
  readonly label: string;
  readonly operator: string;
  readonly isMapped: boolean;
}

export interface GridCell {
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly mapped?: Readonly<Partial<Record<TaskState, number>>>;
}

export interface Grid {
  readonly version: string | null;
  readonly tasks: GridTask[];
  readonly groups: SerializedGroup[];
  readonly runs: (RunBar & { readonly key?: number | string })[];
  readonly cells: Readonly<Record<string, Readonly<Record<string, GridCell>>>>;
}

export interface Run {
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  readonly state: RunState;
  readonly logicalDate: string | null;
  readonly dataInterval: { readonly start: string; readonly end: string } | null;
  readonly queuedAt: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly version: string | null;
  readonly versionNumber: number | null;
  readonly conf: Record<string, unknown> | null;
  readonly triggeredBy: string | null;
  readonly note: string | null;
  readonly reason: string | null;
  readonly backfillKey: number | null;
  readonly taskCounts: Readonly<Partial<Record<TaskState, number>>>;
}

export interface TaskInstance {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly mapPath: string;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly maxTries: number;
  readonly operator: string;
  readonly groupId: string | null;
  readonly scheduledAt: string | null;
  readonly queuedAt: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly nextAt: string | null;
  readonly reason: string | null;
  readonly pool: string;
  readonly priorityWeight: number;
  readonly attemptId: string | null;
}

export interface SerializedError {
  readonly name?: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string | null;
}

export interface Attempt {
  readonly attemptId: string;
  readonly taskId: string;
  readonly mapPath: string;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly state: TaskState;
  readonly version: string | null;
  readonly queuedAt: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly runnerId: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  readonly error: SerializedError | null;
  readonly rendered: Record<string, unknown> | null;
}

export interface TaskInstanceDetail extends TaskInstance {
  readonly attempts: Attempt[];
}

export interface GanttSegment {
  readonly taskId: string;
  readonly mapPath: string;
  readonly attemptId: string;
  readonly tryNumber: number;
  readonly state: TaskState;
  readonly scheduledAt?: string | null;
  readonly queuedAt: string | null;
  readonly startDate: string | null;
  readonly endDate: string | null;
}

export interface SelectedTask {
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  readonly state: TaskState;
}

export interface ClearPlan {
  readonly version: string | null;
  readonly versionNumber: number | null;
  readonly tasks: SelectedTask[];
}

export interface LogLine {
  readonly at: string | null;
  readonly level: string;
  readonly source: string;
  readonly message: string;
}

export interface LogPage {
  readonly lines: LogLine[];
  readonly nextOffset: number;
  readonly done: boolean;
}

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly reason: string;
}

export interface EventRow {
  readonly id: number | string;
  readonly at: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly type: string;
  readonly fromState: string | null;
  readonly toState: string | null;
  readonly actor: string | null;
  readonly data: Record<string, unknown> | null;
}

export interface Backfill {
  readonly key: number;
  readonly dagId: string;
  readonly fromDate: string;
  readonly toDate: string;
  readonly options: Record<string, unknown> | null;
  readonly state: string;
  readonly actor: string | null;
  readonly createdAt: string;
  readonly endDate: string | null;
  readonly total: number | null;
  readonly created: number;
  readonly existing: number;
  readonly inFlight: number;
  readonly cleared: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly running: number;
}

export interface BackfillPreview {
  readonly total: number;
  readonly existing: number;
  readonly inFlight: number;
  readonly toCreate: number;
  readonly first: string | null;
  readonly last: string | null;
}

export interface Variable {
  readonly key: string;
  readonly value: unknown;
  readonly description: string | null;
  readonly isSecret: boolean;
  readonly updatedAt: string | null;
  readonly updatedBy: string | null;
  readonly schema?: {
    readonly type: string;
    readonly min?: number | null;
    readonly max?: number | null;
    readonly default?: unknown;
  };
}

export interface VariableChange {
  readonly at: string;
  readonly actor: string | null;
  readonly from?: unknown;
  readonly to?: unknown;
}

export interface ImportError {
  readonly file: string;
  readonly kind: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly codeFrame: string | null;
  readonly since: string;
  readonly seenAt: string | null;
  readonly lastGoodVersion: string | null;
}

export interface Timeline {
  readonly dags: {
    readonly dagId: string;
    readonly runs: RunBar[];
    readonly planned: string[];
  }[];
  readonly slots: { readonly limit: number; readonly used: number };
}

export interface ServerInfo {
  readonly version: string;
  readonly schedulers: {
    readonly id: string | number;
    readonly host: string;
    readonly pid: number;
    readonly beatAgeMs: number;
    readonly lastTurnMs: number | null;
    readonly dags: number;
  }[];
  readonly dagsFolder: string;
  readonly database: string;
  readonly parallelism: { readonly limit: number; readonly used: number };
  readonly now: string;
}

export interface User {
  readonly name: string;
  readonly role: string;
}

export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly requestId?: string;
    readonly facts?: Record<string, unknown>;
  };
}
