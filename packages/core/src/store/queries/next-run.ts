import { upcomingTicks } from '../../rules/index.ts';
import type { RunInfo } from '../../timetables/index.ts';
import type { Store } from '../store.ts';
import type { DagTable } from '../tables.ts';
import { type DagFacts, dagFacts } from './dag-facts.ts';
import { dagRow } from './dag-row.ts';

/** A run that the schedule plans. Instants are milliseconds UTC. */
export interface PlannedRun {
  readonly logicalDate: number;
  /** When it becomes due. */
  readonly runAfter: number;
  readonly dataInterval: { readonly start: number; readonly end: number };
}

/** The next runs of a schedule, as far as they are known. */
export interface NextRuns {
  readonly runs: readonly PlannedRun[];
  /** Where the knowledge of a custom timetable ends, when that cut the list short; null: the list is complete. */
  readonly knownUntil: number | null;
}

/** Most runs that one question answers. */
const MAX_PLANNED_RUNS = 500;

/**
 * The next `count` (default 20) runs of a DAG's schedule, whether it is paused or not; with `from`, those whose logical date is not before
 * it, whatever was run already. Throws NotFoundError.
 */
export async function nextRuns(
  store: Store,
  args: {
    readonly dagId: string;
    readonly now: number;
    readonly count?: number | undefined;
    readonly from?: number | undefined;
  },
): Promise<NextRuns> {
  const row = await dagRow(store, args.dagId);
  if (row.currentVersion === null || row.isStale === 1) return NONE;
  const facts = (await dagFacts(store, [row.currentVersion])).get(row.currentVersion);
  if (facts === undefined) return NONE;
  const count = Math.min(args.count ?? 20, MAX_PLANNED_RUNS);
  const fresh = { mark: null, skipUntil: args.from ?? 0, definedAt: args.from ?? 0 };
  const runs =
    args.from === undefined
      ? [...plannedRuns(row, facts, args.now, count)]
      : [...plannedRuns(fresh, { ...facts, catchup: true }, args.now, count)];
  const horizon = facts.timetable.horizon;
  return { runs, knownUntil: runs.length < count && horizon !== undefined ? horizon.until : null };
}

const NONE: NextRuns = { runs: [], knownUntil: null };

/** At most `count` runs that the schedule plans behind the DAG's high-water mark, in order. Lazy. */
export function* plannedRuns(
  dag: Pick<DagTable, 'mark' | 'skipUntil' | 'definedAt'>,
  schedule: DagFacts,
  now: number,
  count: number,
): Iterable<PlannedRun> {
  const startDate = schedule.startDate ?? new Date(dag.definedAt).toISOString();
  let left = count;
  for (const run of upcomingTicks(schedule.timetable, { ...schedule, startDate }, dag, now)) {
    if (left === 0) return;
    left -= 1;
    yield planned(run);
  }
}

function planned(run: RunInfo): PlannedRun {
  return {
    logicalDate: run.logicalDate.getTime(),
    runAfter: run.runAfter.getTime(),
    dataInterval: { start: run.dataInterval.start.getTime(), end: run.dataInterval.end.getTime() },
  };
}
