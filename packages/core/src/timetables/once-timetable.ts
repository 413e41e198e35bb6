import type { JsonObject } from '../json.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/** `@once`: one run at the DAG's startDate; without one, as soon as the DAG is seen. */
export class OnceTimetable implements Timetable {
  readonly type = 'once';
  readonly periodic = false;

  nextRun(last: Date | null, { earliest, latest, now }: TimeRestriction): RunInfo | null {
    const at = earliest ?? now;
    if (last !== null || (latest !== null && at > latest)) return null;
    return { runAfter: at, logicalDate: at, dataInterval: { start: at, end: at } };
  }

  manualInterval(runAfter: Date): DataInterval {
    return { start: runAfter, end: runAfter };
  }

  runsBetween(): Iterable<RunInfo> {
    return [];
  }

  describe(): string {
    return 'once';
  }

  toJson(): JsonObject {
    return { type: this.type };
  }
}
