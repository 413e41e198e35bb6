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

/** Most runs that one question answers. */
const MAX_PLANNED_RUNS = 500;

/** The next `count` (default 20) runs of a DAG's schedule, whether it is paused or not. Throws NotFoundError. */
export async function nextRuns(
  store: Store,
  args: { readonly dagId: string; readonly now: number; readonly count?: number | undefined },
): Promise<readonly PlannedRun[]> {
  const row = await dagRow(store, args.dagId);
  if (row.currentVersion === null || row.isStale === 1) return [];
  const facts = (await dagFacts(store, [row.currentVersion])).get(row.currentVersion);
  if (facts === undefined) return [];
  return [...plannedRuns(row, facts, args.now, Math.min(args.count ?? 20, MAX_PLANNED_RUNS))];
}

/** At most `count` runs that the schedule plans behind the DAG's high-water mark, in order. Lazy. */
export function* plannedRuns(
  dag: Pick<DagTable, 'mark' | 'definedAt'>,
  schedule: DagFacts,
  now: number,
  count: number,
): Iterable<PlannedRun> {
  const { timetable } = schedule;
  const restriction = {
    earliest: new Date(schedule.startDate ?? dag.definedAt),
    latest: schedule.endDate === null ? null : new Date(schedule.endDate),
    catchup: schedule.catchup,
    now: new Date(now),
  };
  let run = timetable.nextRun(dag.mark === null ? null : new Date(dag.mark), restriction);
  for (let i = 0; run !== null && i < count; i++) {
    yield planned(run);
    // Behind the first one every tick counts: it lies in the future, or the DAG catches up.
    run = timetable.nextRun(run.logicalDate, { ...restriction, catchup: true });
  }
}

function planned(run: RunInfo): PlannedRun {
  return {
    logicalDate: run.logicalDate.getTime(),
    runAfter: run.runAfter.getTime(),
    dataInterval: { start: run.dataInterval.start.getTime(), end: run.dataInterval.end.getTime() },
  };
}
