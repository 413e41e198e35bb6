import type { JsonObject } from '../json.ts';
import { Cron } from './cron.ts';
import { CronTicks } from './cron-ticks.ts';
import { describeCron } from './cron-words.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import { TickTimetable } from './tick-timetable.ts';
import type { Ticks } from './ticks.ts';
import { Zone } from './zone-readings.ts';

/** Several crons as one schedule: a run whenever any of them fires, one when several fire at once. */
export class MultiCronTimetable extends TickTimetable {
  readonly type = 'multi_cron';
  /** As they are read: presets are spelled out. */
  readonly expressions: readonly string[];
  /** IANA name. */
  readonly timezone: string;
  /** The instants that any of the expressions means. */
  protected readonly ticks: Ticks;
  readonly #crons: readonly Cron[];
  readonly #namesZone: boolean;

  /** @param options `timezone`: IANA name; default: the zone of the DAG whose schedule it is, else UTC */
  constructor(expressions: readonly string[], options: { readonly timezone?: string } = {}) {
    super();
    if (expressions.length === 0) {
      throw new InvalidScheduleError(
        '[]',
        'expected at least one cron expression. For a DAG without a schedule write null.',
      );
    }
    this.#crons = expressions.map((expression) => new Cron(expression));
    this.expressions = this.#crons.map((cron) => cron.expression);
    this.timezone = options.timezone ?? 'UTC';
    this.#namesZone = options.timezone !== undefined;
    const zone = Zone.named(this.timezone);
    this.ticks = new UnitedTicks(this.#crons.map((cron) => new CronTicks(cron, zone)));
  }

  /** The same in `timezone` (IANA name), as a DAG of that zone takes it; itself if it names a zone of its own. */
  inZone(timezone: string): MultiCronTimetable {
    return this.#namesZone ? this : new MultiCronTimetable(this.expressions, { timezone });
  }

  describe(): string {
    return `${this.#crons.map(describeCron).join('; ')} (${this.timezone})`;
  }

  toJson(): JsonObject {
    return { type: this.type, expressions: [...this.expressions], timezone: this.timezone };
  }
}

class UnitedTicks implements Ticks {
  readonly #parts: readonly Ticks[];

  constructor(parts: readonly Ticks[]) {
    this.#parts = parts;
  }

  after(instant: number): number | null {
    const next = Math.min(...this.#parts.map((part) => part.after(instant) ?? Infinity));
    return next === Infinity ? null : next;
  }

  before(instant: number): number | null {
    const previous = Math.max(...this.#parts.map((part) => part.before(instant) ?? -Infinity));
    return previous === -Infinity ? null : previous;
  }
}
