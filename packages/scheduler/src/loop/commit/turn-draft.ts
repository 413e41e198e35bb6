import { Changes } from '@tsflow/core/rules';
import type { DecidedIntent } from '@tsflow/core/store';
import type { Report } from '../inbox/report.ts';
import type { ReportAnswers } from '../reports/report-stage.ts';

/** A turn on its way to its commit: what it was given, what it decided so far, and who is told once that is written. */
export interface TurnDraft {
  readonly reports: readonly Report[];
  readonly changes: Changes;
  readonly answers: ReportAnswers;
  readonly intentsDecided: { readonly dagId: string; readonly intent: DecidedIntent }[];
  /** DAGs whose timers it took: should it fail, they are set anew. */
  readonly woken: Set<string>;
}

export function newDraft(reports: readonly Report[], now: number): TurnDraft {
  const answers = { accept: [], fence: [] };
  return { reports, changes: new Changes(now), answers, intentsDecided: [], woken: new Set() };
}
