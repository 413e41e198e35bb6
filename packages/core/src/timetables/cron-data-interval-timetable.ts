import type { JsonObject } from '../json.ts';
import { Cron } from './cron.ts';
import { CronTicks } from './cron-ticks.ts';
import { describeCron } from './cron-words.ts';
import { nextSlot, ticksBetween } from './ticks.ts';
import type { DataInterval, RunInfo, TimeRestriction, Timetable } from './timetable.ts';
import { Zone } from './zone-readings.ts';

/**
 * Airflow 2's reading of a cron: a run is about the stretch between two ticks, starts when it is over, and is named after its
 * beginning. The slot is that beginning; startDate and endDate bound it.
 */
export class CronDataIntervalTimetable implements Timetable {
  readonly type = 'cron_data_interval';
  readonly periodic = true;
  /** As it is read: a preset is spelled out. */
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
  readonly #cron: Cron;
  readonly #ticks: CronTicks;
  readonly #namesZone: boolean;

  /** @param options `timezone`: IANA name; default: the zone of the DAG whose schedule it is, else UTC */
  constructor(expression: string, options: { readonly timezone?: string } = {}) {
    this.#cron = new Cron(expression);
    this.expression = this.#cron.expression;
    this.timezone = options.timezone ?? 'UTC';
    this.#namesZone = options.timezone !== undefined;
    this.#ticks = new CronTicks(this.#cron, Zone.named(this.timezone));
  }

  nextRun(last: Date | null, restriction: TimeRestriction): RunInfo | null {
    const dueBy = this.#startOfNewestComplete(restriction.now.getTime());
    return this.#run(nextSlot(this.#ticks, last, restriction, dueBy));
  }

  manualInterval(runAfter: Date): DataInterval {
    const start = this.#startOfNewestComplete(runAfter.getTime());
    return this.#run(start)?.dataInterval ?? { start: runAfter, end: runAfter };
  }

  *runsBetween(start: Date, end: Date): Generator<RunInfo> {
    for (const slot of ticksBetween(this.#ticks, start.getTime(), end.getTime())) {
      const run = this.#run(slot);
      if (run !== null) yield run;
    }
  }

  /** The same in `timezone` (IANA name), as a DAG of that zone takes it; itself if it names a zone of its own. */
  inZone(timezone: string): CronDataIntervalTimetable {
    return this.#namesZone ? this : new CronDataIntervalTimetable(this.expression, { timezone });
  }

  describe(): string {
    return `${describeCron(this.#cron)}, for the interval that ends then (${this.timezone})`;
  }

  toJson(): JsonObject {
    return { type: this.type, expression: this.expression, timezone: this.timezone };
  }

  /** Where the newest interval begins that is over at `now`; -Infinity when there is none. */
  #startOfNewestComplete(now: number): number {
    const end = this.#ticks.before(now + 1);
    return (end === null ? null : this.#ticks.before(end)) ?? -Infinity;
  }

  #run(slot: number | null): RunInfo | null {
    if (slot === null || slot === -Infinity) return null;
    const end = this.#ticks.after(slot);
    if (end === null) return null;
    const dataInterval = { start: new Date(slot), end: new Date(end) };
    return { runAfter: dataInterval.end, logicalDate: dataInterval.start, dataInterval };
  }
}
