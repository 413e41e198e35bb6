import type { JsonObject } from '../json.ts';
import type { TaskChoice } from '../rules/index.ts';
import type { LiveNumber } from '../serialization/index.ts';
import type { FinishedTaskState, RunState } from '../state/index.ts';

/**
 * What people (and other DAGs) ask of a DAG. An intent is a row addressed to a DAG; the scheduler that holds the DAG's lease
 * applies it in its turn and writes effect and result in one transaction. CLI, REST and UI are doors to the same shapes.
 */
export type Intent =
  | { readonly kind: 'trigger'; readonly payload: TriggerPayload }
  | { readonly kind: 'clear'; readonly payload: ClearPayload }
  | { readonly kind: 'run_task'; readonly payload: RunTaskPayload }
  | { readonly kind: 'mark_tasks'; readonly payload: MarkTasksPayload }
  | { readonly kind: 'mark_run'; readonly payload: MarkRunPayload }
  | { readonly kind: 'kill'; readonly payload: KillPayload }
  | { readonly kind: 'pause'; readonly payload: { readonly isPaused: boolean } }
  | { readonly kind: 'backfill'; readonly payload: BackfillPayload }
  | { readonly kind: 'control_backfill'; readonly payload: ControlBackfillPayload }
  | { readonly kind: 'prioritize'; readonly payload: PrioritizePayload }
  | { readonly kind: 'reschedule'; readonly payload: ReschedulePayload }
  | { readonly kind: 'note'; readonly payload: { readonly runId: string; readonly note: string } };

export type IntentKind = Intent['kind'];

export interface TriggerPayload {
  /** ISO instant; absent: now. */
  readonly logicalDate?: string;
  /** Absent: `manual__<instant>_<random>`. Must not begin with a run type and two underscores. */
  readonly runId?: string;
  readonly conf: JsonObject;
  readonly note?: string;
  /** Unpause the DAG in the same turn. */
  readonly unpause?: boolean;
  /** The run is about this task (or group) and what is before it, and ends with it; absent: about the whole DAG. */
  readonly upTo?: string;
}

/** Which task instances: of one run, or also of those before or after it. */
export interface TaskSelection extends TaskChoice {
  readonly runId: string;
  /** Also the same tasks in earlier (later) runs. */
  readonly past?: boolean;
  readonly future?: boolean;
}

export interface ClearPayload extends TaskSelection {
  /** Keep the code version that the run has; default: the newest. */
  readonly sameVersion?: boolean;
  readonly conf?: JsonObject;
}

/** Runs one task of a run and no other, whatever its dependencies say: what stands before it, the previous run, a retry delay. */
export interface RunTaskPayload {
  readonly runId: string;
  readonly taskId: string;
  /** Of a mapped task only this instance; absent: all of them. */
  readonly mapPath?: string;
  /** Keep the code version that the run has; default: the newest. */
  readonly sameVersion?: boolean;
  /** Params of the run from now on. */
  readonly conf?: JsonObject;
}

export interface MarkTasksPayload extends TaskSelection {
  readonly state: Extract<FinishedTaskState, 'success' | 'failed' | 'skipped'>;
}

export interface MarkRunPayload {
  readonly runId: string;
  readonly state: Extract<RunState, 'success' | 'failed'>;
}

/** Ends what is active: tasks of a run, or (no taskIds) the run itself, which then fails. */
export interface KillPayload {
  readonly runId: string;
  readonly taskIds?: readonly string[];
  /** Of mapped tasks only this instance. */
  readonly mapPath?: string;
}

/** Gives task instances of a run that have not ended another effective weight; null gives them their own back. */
export interface PrioritizePayload {
  readonly runId: string;
  /** Absent: every task of the run. */
  readonly taskIds?: readonly string[];
  readonly priorityWeight: number | null;
}

/** Moves a schedule: exactly one of the three. Past and running runs are not touched. */
export interface ReschedulePayload {
  /** Make no run for this many of the next ticks. */
  readonly skip?: number;
  /** Make no run whose logical date lies before this ISO instant. An earlier instant than the last one takes that back. */
  readonly skipTo?: string;
  /** Make the next run now, ahead of its time. */
  readonly runNow?: boolean;
}

export interface BackfillPayload {
  /** ISO instants, inclusive: the first and the last logical date. Date-only input was read in the DAG's zone by the door. */
  readonly start: string;
  readonly end: string;
  readonly reprocess: 'none' | 'failed' | 'completed';
  readonly reverse: boolean;
  /** A Variable or a daily plan is followed while it goes on; where that says 0, no run of it starts. */
  readonly maxActiveRuns: LiveNumber;
  readonly conf: JsonObject;
  /** The tasks that its runs are about, or groups; absent: all. Upstream and downstream add what is before and after them. */
  readonly taskIds?: readonly string[];
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly unpause?: boolean;
}

export interface ControlBackfillPayload {
  readonly backfillKey: number;
  readonly action: 'pause' | 'resume' | 'cancel';
}
