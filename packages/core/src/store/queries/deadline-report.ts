import {
  type DeadlineOutcome,
  type DeadlineRow,
  deadlineReport,
  type ReportPeriod,
} from '../../rules/index.ts';
import { zonedDay } from '../../timetables/index.ts';
import type { Store } from '../store.ts';
import { deadlinesOfRuns } from './deadlines-of-runs.ts';

export interface DeadlineReportArgs {
  /** Deadlines that were due from here ... */
  readonly from: number;
  /** ... until here, exclusive. Default: now. */
  readonly until?: number | undefined;
  readonly dagId?: string | undefined;
  /** Default `week`. */
  readonly by?: ReportPeriod | undefined;
}

/** A run may have been asked for this long before its deadline. */
const LONGEST_MS = 31 * 86_400_000;
/** Runs whose tasks are read at once. */
const CHUNK = 200;

/**
 * Which deadlines were kept over a stretch of time, and by how much: a row a DAG, deadline and period. Runs of a backfill promise nothing; each
 * run is held against the deadlines of the version that it has.
 */
export async function reportDeadlines(
  store: Store,
  { from, until, dagId, by = 'week' }: DeadlineReportArgs,
  now: number,
): Promise<readonly DeadlineRow[]> {
  const outcomes: DeadlineOutcome[] = [];
  let after = 0;
  for (;;) {
    const runs = await store.db
      .selectFrom('dagRun')
      .selectAll()
      .where('key', '>', after)
      .where('queuedAt', '>=', from - LONGEST_MS)
      .where('runType', '!=', 'backfill')
      .$if(dagId !== undefined, (query) => query.where('dagId', '=', dagId!))
      .orderBy('key')
      .limit(CHUNK)
      .execute();
    if (runs.length === 0) break;
    after = runs.at(-1)!.key;
    outcomes.push(
      ...(await deadlinesOfRuns(store, runs, now, (dueAt) => dueAt >= from && dueAt < (until ?? now))),
    );
  }
  return deadlineReport(outcomes, by, zonedDay);
}
