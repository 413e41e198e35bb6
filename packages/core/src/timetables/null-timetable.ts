import type { JsonObject } from '../json.ts';
import type { DataInterval, RunInfo, Timetable } from './timetable.ts';

/** No schedule: only people, other DAGs and assets start runs. */
export class NullTimetable implements Timetable {
  readonly type = 'none';
  readonly periodic = false;

  nextRun(): null {
    return null;
  }

  manualInterval(runAfter: Date): DataInterval {
    return { start: runAfter, end: runAfter };
  }

  runsBetween(): Iterable<RunInfo> {
    return [];
  }

  describe(): string {
    return 'none';
  }

  toJson(): JsonObject {
    return { type: this.type };
  }
}
