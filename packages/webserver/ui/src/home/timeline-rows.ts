import type { RunBar, Timeline } from '../api/contract.ts';

export interface TimelineRow {
  readonly dagId: string;
  /** Of the newest run inside the window; null when there is only a plan. */
  readonly state: RunBar['state'] | null;
  readonly runs: readonly RunBar[];
  readonly planned: readonly string[];
  readonly failures: number;
}

/**
 * The lines of the home page: what failed last comes first, then what runs, then what waits; the rest by what comes next. DAGs with
 * nothing in the window are left out.
 */
export function timelineRows(dags: Timeline['dags']): TimelineRow[] {
  return dags
    .filter((dag) => dag.runs.length > 0 || dag.planned.length > 0)
    .map(
      (dag): TimelineRow => ({
        dagId: dag.dagId,
        state: newest(dag.runs)?.state ?? null,
        runs: dag.runs,
        planned: dag.planned,
        failures: dag.runs.filter((run) => run.state === 'failed').length,
      }),
    )
    .sort(
      (a, b) =>
        RANK[a.state ?? 'none']! - RANK[b.state ?? 'none']! ||
        b.failures - a.failures ||
        a.dagId.localeCompare(b.dagId),
    );
}

/** Where a run begins on the axis: when it started, else when it was queued for. */
export function beginOf(run: RunBar): number {
  return Date.parse(run.startDate ?? run.logicalDate ?? run.endDate ?? '') || 0;
}

function newest(runs: readonly RunBar[]): RunBar | undefined {
  return runs.reduce<RunBar | undefined>(
    (best, run) => (best && beginOf(best) > beginOf(run) ? best : run),
    undefined,
  );
}

const RANK: Record<string, number> = { failed: 0, running: 1, queued: 2, success: 3, none: 4 };
