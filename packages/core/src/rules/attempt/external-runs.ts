import type { ExternalRuns } from '../../dag/wait.ts';
import type { RunWork } from '../work/work.ts';

/** One of the runs that a wait is for: that of an id, or the newest with a logical date from `from` to `to`, both included. */
export type MeantRun = { readonly runId: string } | { readonly from: number; readonly to: number };

/** By what a run is known to those who wait for it. */
type Known = Pick<RunWork, 'key' | 'runId' | 'logicalDate'>;

/** The runs that a wait is for, in its order. Throws for a wait that depends on who waits: it has to be resolved first. */
export function meantRuns(which: ExternalRuns): readonly MeantRun[] {
  switch (which.match) {
    case 'run':
      return [{ runId: which.runId }];
    case 'between':
      return [{ from: which.from, to: which.to }];
    case 'dates':
      return which.dates.map((date) => ({ from: Date.parse(date), to: Date.parse(date) }));
    default:
      throw new Error(`A wait for the run of a ${which.match} was not resolved.`);
  }
}

/** Whether a run may be one that a wait is for: of several for a time, each. */
export function meansRun(which: ExternalRuns, run: Known): boolean {
  return meantRuns(which).some((meant) => fits(meant, run));
}

/** Which of some runs is meant: of several for a time that with the latest logical date, then the one that was made last. */
export function meantAmong<Run extends Known>(meant: MeantRun, runs: Iterable<Run>): Run | null {
  let best: Run | null = null;
  for (const run of runs) if (fits(meant, run) && (best === null || isNewer(run, best))) best = run;
  return best;
}

function fits(meant: MeantRun, { runId, logicalDate }: Known): boolean {
  return 'runId' in meant ? runId === meant.runId : logicalDate >= meant.from && logicalDate <= meant.to;
}

function isNewer(one: Known, other: Known): boolean {
  return one.logicalDate === other.logicalDate ? one.key > other.key : one.logicalDate > other.logicalDate;
}
