import type { Json, JsonObject } from '../json.ts';
import type { RunState, TaskState } from '../state/index.ts';

/**
 * Something that the scheduler itself can wait for, with no process: a row with a due time or an event key. Plain JSON, relative to
 * the run where it can be, so that it stands in the serialized DAG.
 */
export type Wait =
  /** An instant, ISO 8601. One that has passed is over at once. */
  | { readonly kind: 'instant'; readonly at: string }
  /** `HH:MM` or `HH:MM:SS` on the clock of `timezone` (null: the DAG's), on the day on which the run becomes due. */
  | { readonly kind: 'time'; readonly time: string; readonly timezone: string | null }
  /** So long after the end of the data interval, or after the run started. */
  | { readonly kind: 'delta'; readonly ms: number; readonly from: 'dataIntervalEnd' | 'runStart' }
  | ExternalWait
  | RunWait
  | AssetWait;

/** The end of runs of another DAG, or of tasks in them. */
export interface ExternalWait {
  readonly kind: 'external';
  readonly dagId: string;
  /** Null: the run itself. Several: all of them. */
  readonly taskIds: readonly string[] | null;
  readonly which: ExternalRuns;
  /** All of these ends pass. */
  readonly allowedStates: readonly (RunState | TaskState)[];
  /** One of these ends fails the wait. */
  readonly failedStates: readonly (RunState | TaskState)[];
}

/** An event of an asset: the first one that fits, also when it was there before the wait. */
export interface AssetWait {
  readonly kind: 'asset';
  readonly asset: string;
  /** Null: whatever part it is about. */
  readonly partition: string | null;
  /** Events from here on: since the run became due, since it started, or whenever. */
  readonly since: 'due' | 'runStart' | 'ever';
}

/** A run of another DAG that is made when there is none, and (with `waitForCompletion`) its end. */
export interface RunWait {
  readonly kind: 'run';
  readonly dagId: string;
  /** `trigger`: a run of its own. `ensure`: the run of this logical date, whoever made it. */
  readonly how: 'trigger' | 'ensure';
  readonly conf: JsonObject;
  /** ISO 8601; null: now for `trigger`, the logical date of the waiting run for `ensure`. */
  readonly logicalDate: string | null;
  /** Null: one that is made of the instance that asks. */
  readonly runId: string | null;
  /** False: it is over when the run is there. */
  readonly waitForCompletion: boolean;
  readonly allowedStates: readonly ('success' | 'failed')[];
  readonly failedStates: readonly ('success' | 'failed')[];
}

/** Which runs of the other DAG are meant. */
export type ExternalRuns =
  /** The run of this one's logical date, less `deltaMs`. */
  | { readonly match: 'logicalDate'; readonly deltaMs: number }
  /** The newest run of this one's day, in this DAG's zone, less `deltaMs`. */
  | { readonly match: 'day'; readonly deltaMs: number }
  /** The runs of these logical dates, ISO 8601: all of them. */
  | { readonly match: 'dates'; readonly dates: readonly string[] }
  /** The run of this id. */
  | { readonly match: 'run'; readonly runId: string }
  /** The newest run with a logical date from `from` to `to`, both included, in milliseconds. */
  | { readonly match: 'between'; readonly from: number; readonly to: number };

/** A trigger as it is stored: its class by name, and what it was made with. */
export interface TriggerCall {
  readonly kind: 'trigger';
  readonly type: string;
  readonly args: JsonObject;
}

/** Given up after its `timeout`, a task fails for good, is skipped, or succeeds with the XCom `timed_out`. */
export type OnTimeout = 'fail' | 'skip' | 'continue';

/** What an attempt asks for when it gives its process back. */
export interface Deferral {
  readonly on: Wait | TriggerCall;
  /** Instant at which the wait is given up, in milliseconds; null: never. */
  readonly timeoutAt: number | null;
  /** What becomes of the task when it is given up. What can never come (`failedStates`) fails a task that would `continue`. */
  readonly onTimeout: OnTimeout;
  /** `end`: what came is the task's output. `resume`: the task is called with it. */
  readonly after: 'end' | 'resume';
}

/** How an attempt waits, or waited last. */
export interface Waiting {
  /** How often the attempt was called so far. */
  readonly calls: number;
  /** Null: for a time alone. */
  readonly deferral: Deferral | null;
  /** What the wait brought, for the call that follows. */
  readonly event?: Json;
}
