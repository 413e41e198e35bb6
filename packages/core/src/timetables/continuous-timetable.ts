import type { JsonObject } from '../json.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/**
 * `@continuous`: a new run whenever it is asked for one, about the time since the last. Ask when the last run has ended; a
 * DAG with this schedule has `maxActiveRuns: 1`.
 */
export class ContinuousTimetable implements Timetable {
  readonly type = 'continuous';
  readonly periodic = false;

  nextRun(last: Date | null, { earliest, latest, now }: TimeRestriction): RunInfo | null {
    const afterLast = last === null ? -Infinity : last.getTime() + 1;
    const at = new Date(Math.max(now.getTime(), afterLast, earliest?.getTime() ?? -Infinity));
    if (latest !== null && at > latest) return null;
    return { runAfter: at, logicalDate: at, dataInterval: { start: last ?? at, end: at } };
  }

  manualInterval(runAfter: Date): DataInterval {
    return { start: runAfter, end: runAfter };
  }

  runsBetween(): Iterable<RunInfo> {
    return [];
  }

  describe(): string {
    return 'continuously: the next run when the last one ends';
  }

  toJson(): JsonObject {
    return { type: this.type };
  }
}
