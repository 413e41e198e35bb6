import type { TickHorizon } from './tick-horizon.ts';
import type { RunInfo } from './timetable.ts';

/** A {@link TickHorizon} as JSON: what crosses a pipe and lies in the database. */
export interface PackedHorizon {
  readonly from: number;
  readonly until: number | null;
  readonly runs: readonly PackedRun[];
}

/** Nearly every run is its instant: due there, with a data interval that begins at the run before. */
export type PackedRun = number | readonly [runAfter: number, logicalDate: number, start: number, end: number];

export function packHorizon({ from, until, runs }: TickHorizon): PackedHorizon {
  const packed = runs.map(({ runAfter, logicalDate, dataInterval }, index): PackedRun => {
    const at = logicalDate.getTime();
    const [due, start, end] = [runAfter.getTime(), dataInterval.start.getTime(), dataInterval.end.getTime()];
    const follows = index > 0 && start === runs[index - 1]!.logicalDate.getTime();
    return follows && due === at && end === at ? at : [due, at, start, end];
  });
  return { from, until, runs: packed };
}

export function unpackHorizon({ from, until, runs: packed }: PackedHorizon): TickHorizon {
  const runs: RunInfo[] = [];
  for (const run of packed) {
    const [due, at, start, end] =
      typeof run === 'number' ? [run, run, runs.at(-1)!.logicalDate.getTime(), run] : run;
    const dataInterval = { start: new Date(start), end: new Date(end) };
    runs.push({ runAfter: new Date(due), logicalDate: new Date(at), dataInterval });
  }
  return { from, until, runs };
}

/** Logical date of a packed run. */
export const packedSlot = (run: PackedRun): number => (typeof run === 'number' ? run : run[1]);
