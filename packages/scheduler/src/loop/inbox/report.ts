import type { JsonObject } from '@tsflow/core/json';
import type { GoneReport, NamedReport, OutcomeReport, StartedReport } from '../../executors/executor.ts';

/** What came in for the next turn. */
export type Report =
  | { readonly kind: 'started'; readonly report: StartedReport }
  | { readonly kind: 'named'; readonly report: NamedReport }
  | { readonly kind: 'outcome'; readonly report: OutcomeReport }
  | { readonly kind: 'gone'; readonly report: GoneReport }
  | {
      readonly kind: 'group';
      readonly attemptId: number;
      readonly grantNumber: number;
      readonly processGroup: number;
    }
  /** Saved where the DAG is not held: it reaches the holder as an intent. */
  | { readonly kind: 'saved'; readonly report: SavedReport };

export interface SavedReport {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** Null: what was saved before is forgotten. */
  readonly savedState: JsonObject | null;
}
