import type { JsonObject } from '../json.ts';
import { dayOfDate, daysInMonth } from './cron.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import { TickTimetable } from './tick-timetable.ts';
import type { Ticks } from './ticks.ts';
import { Zone } from './zone-readings.ts';

/**
 * A calendar duration: a run every so many months from `startDate`, at its time on the wall clock. A day that a month does not
 * have becomes its last one, without lasting effect: from January 31 the runs are February 28, March 31, April 30.
 */
export class MonthsTimetable extends TickTimetable {
  readonly type = 'months';
  /** From one run to the next. */
  readonly months: number;
  /** What the months are counted from. */
  readonly startDate: Date;
  /** IANA name. */
  readonly timezone: string;
  /** The instants of the steps. */
  protected readonly ticks: Ticks;
  readonly #namesZone: boolean;

  /** @param options `timezone`: IANA name; default: the zone of the DAG whose schedule it is, else UTC */
  constructor(months: number, options: { readonly startDate?: Date | null; readonly timezone?: string }) {
    super();
    const written = `every ${months} months`;
    if (!Number.isInteger(months) || months < 1 || months > 1200) {
      throw new InvalidScheduleError(written, 'expected a whole number of months from 1 to 1200.');
    }
    if (!options.startDate) {
      throw new InvalidScheduleError(written, 'needs a startDate on the DAG: months are counted from it.');
    }
    this.months = months;
    this.startDate = options.startDate;
    this.timezone = options.timezone ?? 'UTC';
    this.#namesZone = options.timezone !== undefined;
    this.ticks = new MonthTicks(months, this.startDate.getTime(), Zone.named(this.timezone));
  }

  /** The same in `timezone` (IANA name), as a DAG of that zone takes it; itself if it names a zone of its own. */
  inZone(timezone: string): MonthsTimetable {
    return this.#namesZone ? this : new MonthsTimetable(this.months, { startDate: this.startDate, timezone });
  }

  describe(): string {
    const step = this.months === 1 ? 'month' : `${this.months} months`;
    return `every ${step} from ${this.startDate.toISOString().slice(0, 16)}Z (${this.timezone})`;
  }

  toJson(): JsonObject {
    return {
      type: this.type,
      months: this.months,
      startDate: this.startDate.toISOString(),
      timezone: this.timezone,
    };
  }
}

const DAY = 86_400_000;

class MonthTicks implements Ticks {
  readonly #months: number;
  readonly #zone: Zone;
  /** Months since the year 0 of the first tick. */
  readonly #month: number;
  readonly #day: number;
  readonly #timeOfDay: number;

  constructor(months: number, start: number, zone: Zone) {
    this.#months = months;
    this.#zone = zone;
    const wall = zone.wallAt(start);
    const date = new Date(wall);
    this.#month = monthsOf(date);
    this.#day = date.getUTCDate();
    this.#timeOfDay = wall - Math.floor(wall / DAY) * DAY;
  }

  after(instant: number): number {
    let step = this.#stepNear(instant) - 1;
    while (this.#tick(step) <= instant) step++;
    return this.#tick(step);
  }

  before(instant: number): number {
    let step = this.#stepNear(instant) + 1;
    while (this.#tick(step) >= instant) step--;
    return this.#tick(step);
  }

  #stepNear(instant: number): number {
    return Math.floor((monthsOf(new Date(instant)) - this.#month) / this.#months);
  }

  #tick(step: number): number {
    const months = this.#month + step * this.#months;
    const year = Math.floor(months / 12);
    const month = months - year * 12 + 1;
    const day = Math.min(this.#day, daysInMonth(year, month));
    return this.#zone.instantOf(dayOfDate(year, month, day) * DAY + this.#timeOfDay);
  }
}

function monthsOf(date: Date): number {
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}
