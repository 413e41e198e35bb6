/** The rows of the model's database: what the real tables hold, as far as the protocol is about it. A run has one task here. */

export interface SchedulerRow {
  readonly id: string;
  readonly turn: number;
  readonly beat: number;
  /** Wall time of the beat, by the clock of whoever wrote it. */
  readonly beatAt: number;
  readonly isRetired: boolean;
}

export interface DagRow {
  readonly dagId: string;
  readonly holder: string | null;
  readonly epoch: number;
  readonly isPaused: boolean;
  /** The newest slot that has a run; slots are 1, 2, 3. */
  readonly mark: number;
}

export type TaskState =
  | 'scheduled'
  | 'queued'
  | 'running'
  | 'up_for_reschedule'
  | 'restarting'
  | 'success'
  | 'failed';

export interface TaskRow {
  readonly key: number;
  readonly dagId: string;
  /** Null: a person triggered it. */
  readonly slot: number | null;
  readonly ask: number | null;
  readonly state: TaskState;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly infraNumber: number;
  readonly attemptId: number | null;
  /** What follows `restarting`. */
  readonly target: 'scheduled' | 'failed' | null;
  readonly clears: number;
}

export interface AttemptRow {
  readonly attemptId: number;
  readonly taskKey: number;
  readonly tryNumber: number;
  readonly grantNumber: number;
  /** Where its newest grant was sent. */
  readonly host: string;
  readonly state: 'open' | 'success' | 'failed' | 'lost' | 'ended';
}

export type Ask =
  | { readonly kind: 'trigger' }
  | { readonly kind: 'pause'; readonly isPaused: boolean }
  | { readonly kind: 'clear' | 'kill'; readonly taskKey: number }
  | { readonly kind: 'report'; readonly report: Report };

export interface IntentRow {
  readonly id: number;
  readonly dagId: string;
  readonly key: string;
  /** The person's ask that it came from; null for a forwarded report. */
  readonly askId: number | null;
  readonly ask: Ask;
  readonly isDecided: boolean;
}

/** What the host of a process says about it. */
export interface Report {
  readonly kind: 'started' | 'outcome' | 'gone';
  readonly outcome: Outcome | null;
  readonly dagId: string;
  readonly taskKey: number;
  readonly attemptId: number;
  readonly grantNumber: number;
}

export type Outcome = 'success' | 'failed' | 'reschedule';

/** The append-only event table: what the auditor reads. */
export type Event =
  | { readonly type: 'lease'; readonly dagId: string; readonly epoch: number; readonly holder: string }
  | { readonly type: 'applied'; readonly intentId: number; readonly askId: number | null }
  | {
      readonly type: 'accepted';
      readonly attemptId: number;
      readonly grantNumber: number;
      readonly taskKey: number;
      readonly tryNumber: number;
      readonly outcome: Outcome;
    }
  | { readonly type: 'lost'; readonly attemptId: number; readonly grantNumber: number };

/** States in which a task holds a slot. */
export function holdsSlot(state: TaskState): boolean {
  return state === 'queued' || state === 'running' || state === 'restarting';
}

export function isFinished(state: TaskState): boolean {
  return state === 'success' || state === 'failed';
}
