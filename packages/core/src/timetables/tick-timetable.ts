import type { JsonObject } from '../json.ts';
import { nextSlot, type Ticks, ticksBetween } from './ticks.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/**
 * A schedule that fires at its ticks: the logical date is the tick, the data interval reaches from the previous tick to it.
 * Subclasses say which ticks.
 */
export abstract class TickTimetable implements Timetable {
  abstract readonly type: string;
  readonly periodic = true;
  protected abstract readonly ticks: Ticks;

  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    const tick = nextSlot(this.ticks, last, restriction, restriction.now.getTime());
    return tick === null ? null : this.#run(tick);
  }

  manualInterval(runAfter: Date): DataInterval {
    const end = this.ticks.before(runAfter.getTime() + 1);
    return end === null ? { start: runAfter, end: runAfter } : this.#run(end).dataInterval;
  }

  *runsBetween(start: Date, end: Date): Generator<RunInfo> {
    for (const tick of ticksBetween(this.ticks, start.getTime(), end.getTime())) yield this.#run(tick);
  }

  abstract describe(): string;
  abstract toJson(): JsonObject;

  #run(tick: number): RunInfo {
    const at = new Date(tick);
    const previous = this.ticks.before(tick);
    return {
      runAfter: at,
      logicalDate: at,
      dataInterval: { start: previous === null ? at : new Date(previous), end: at },
    };
  }
}
