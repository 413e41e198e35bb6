import type { JsonObject } from '../json.ts';
import { Cron } from './cron.ts';
import { CronTicks } from './cron-ticks.ts';
import { describeCron } from './cron-words.ts';
import { TickTimetable } from './tick-timetable.ts';
import type { Ticks } from './ticks.ts';
import { Zone } from './zone-readings.ts';

/** What a cron string means as a schedule: a run at each tick. Throws `InvalidScheduleError` for a cron that cannot be. */
export class CronTriggerTimetable extends TickTimetable {
  readonly type = 'cron';
  /** As it is read: a preset is spelled out. */
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
  /** The instants that the expression means in the zone. */
  protected readonly ticks: Ticks;
  readonly #cron: Cron;
  readonly #namesZone: boolean;

  /** @param options `timezone`: IANA name; default: the zone of the DAG whose schedule it is, else UTC */
  constructor(expression: string, options: { readonly timezone?: string } = {}) {
    super();
    this.#cron = new Cron(expression);
    this.expression = this.#cron.expression;
    this.timezone = options.timezone ?? 'UTC';
    this.#namesZone = options.timezone !== undefined;
    this.ticks = new CronTicks(this.#cron, Zone.named(this.timezone));
  }

  /** The same in `timezone` (IANA name), as a DAG of that zone takes it; itself if it names a zone of its own. */
  inZone(timezone: string): CronTriggerTimetable {
    return this.#namesZone ? this : new CronTriggerTimetable(this.expression, { timezone });
  }

  describe(): string {
    return `${describeCron(this.#cron)} (${this.timezone})`;
  }

  toJson(): JsonObject {
    return { type: this.type, expression: this.expression, timezone: this.timezone };
  }
}
