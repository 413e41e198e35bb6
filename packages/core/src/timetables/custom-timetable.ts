import type { JsonObject } from '../json.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';

/**
 * A timetable that a DAG file brings along: `schedule: new BusinessDays()`. Its code runs where the file is read and nowhere else: there it
 * is asked for the runs of a stretch of time ahead (the horizon), from which the scheduler ticks. Before the horizon ends the
 * file is read again, by itself.
 *
 *     class BusinessDays implements CustomTimetable {
 *       readonly #mornings = new CronTriggerTimetable('0 9 * * mon-fri', { timezone: 'Asia/Tokyo' });
 *       nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
 *         let run = this.#mornings.nextRun(last, restriction);
 *         while (run !== null && isHoliday(run.logicalDate)) run = this.#mornings.nextRun(run.logicalDate, restriction);
 *         return run;
 *       }
 *       describe() { return '09:00 on business days (Asia/Tokyo)'; }
 *     }
 *
 * Make it pure: equal arguments, equal answers. One that throws, goes backwards or does not come back is an import error.
 */
export interface CustomTimetable {
  /**
   * The run that follows the slot `last`: its logical date is later. Null `last`: the first run that is not before
   * `restriction.earliest`. Null as the answer: there is none any more, for ever. Always asked with `catchup: true`: what becomes of
   * missed ticks is decided by the scheduler.
   *
   * A Date stands for a run at that instant, with the logical date and the end of the data interval there; the interval begins at the
   * run before.
   */
  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | Date | null;
  /** In words, with its zone. */
  describe(): string;
  /** Whether backfills may walk a range of it. Default true. */
  readonly periodic?: boolean;
}

/** What a {@link CustomTimetable} is in the process that has its code: a timetable like any other. */
export class AuthoredTimetable implements Timetable {
  readonly type = 'custom';
  /** Name of the author's class. */
  readonly name: string;
  readonly periodic: boolean;
  readonly #source: CustomTimetable;

  constructor(source: CustomTimetable) {
    this.#source = source;
    this.name = source.constructor.name === 'Object' ? 'timetable' : source.constructor.name;
    this.periodic = source.periodic ?? true;
  }

  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    const run = this.#source.nextRun(last, restriction);
    if (!(run instanceof Date)) return run;
    return { runAfter: run, logicalDate: run, dataInterval: { start: last ?? run, end: run } };
  }

  manualInterval(runAfter: Date): DataInterval {
    return { start: runAfter, end: runAfter };
  }

  *runsBetween(start: Date, end: Date): Generator<RunInfo> {
    const restriction = { earliest: start, latest: end, catchup: true, now: end };
    let run = this.nextRun(null, restriction);
    while (run !== null && run.logicalDate <= end) {
      yield run;
      run = this.nextRun(run.logicalDate, restriction);
    }
  }

  describe(): string {
    return this.#source.describe();
  }

  toJson(): JsonObject {
    return { type: this.type, name: this.name, description: this.describe(), periodic: this.periodic };
  }
}
