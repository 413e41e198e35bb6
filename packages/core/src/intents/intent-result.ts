import type { BackfillWork } from '../rules/index.ts';
import type { RunState } from '../state/index.ts';
import type { ClearedTask } from './apply-clear.ts';
import type { TouchedTask } from './apply-kill.ts';
import type { Intent, IntentKind, MarkRunPayload } from './intent.ts';

/** What is answered to each kind of intent that was applied. It is kept with the intent as JSON, and the doors read it. */
interface IntentResults {
  readonly trigger: {
    readonly dagId: string;
    readonly runId: string;
    readonly state: RunState;
    readonly isPaused: boolean;
  };
  readonly clear: ClearResult;
  readonly run_task: ClearResult;
  readonly mark_tasks: { readonly runId: string; readonly tasks: readonly ClearedTask[] };
  readonly mark_run: { readonly runId: string; readonly state: MarkRunPayload['state'] };
  /** `tasks` names what `instances` are, for people. */
  readonly kill: {
    readonly runId: string;
    readonly tasks: readonly string[];
    readonly instances: readonly TouchedTask[];
  };
  readonly pause: { readonly dagId: string; readonly isPaused: boolean };
  readonly backfill: {
    readonly backfillKey: number;
    readonly state: BackfillWork['state'];
    /** Dates of its range. */
    readonly total: number;
    readonly isPaused: boolean;
  };
  readonly control_backfill: { readonly backfillKey: number; readonly state: BackfillWork['state'] };
  readonly prioritize: { readonly runId: string; readonly tasks: readonly string[] };
  /** Dates are ISO 8601; `runId`: of the run that was made now. */
  readonly reschedule: {
    readonly dagId: string;
    readonly runId: string | null;
    readonly skipped: readonly string[];
    readonly next: string | null;
  };
  readonly note: { readonly runId: string };
}

/** Of one kind, or of any. */
export type IntentResult<Kind extends IntentKind = IntentKind> = IntentResults[Kind];

/** An intent of one kind. */
export type IntentOf<Kind extends IntentKind> = Extract<Intent, { readonly kind: Kind }>;

/** What runs again, and with which version of its DAG. */
interface ClearResult {
  /** Of the run that was named. */
  readonly version: string;
  readonly tasks: readonly (ClearedTask & { readonly versionNumber: number })[];
}
