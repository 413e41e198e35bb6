import type { JsonObject } from '../json.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import { firstAbove } from './sorted.ts';
import { TickTimetable } from './tick-timetable.ts';
import type { Ticks } from './ticks.ts';

/**
 * Runs at written instants, such as the days of a fiscal calendar. Given in any order, repeats count once. The data interval
 * reaches back to the event before; that of the first is empty.
 */
export class EventsTimetable extends TickTimetable {
  readonly type = 'events';
  /** When there are runs, oldest first, each once. */
  readonly events: readonly Date[];
  /** What to call them: `the last trading day of each quarter`. */
  readonly description: string | null;
  /** The same as instants. */
  protected readonly ticks: Ticks;

  constructor(events: readonly Date[], options: { readonly description?: string | null } = {}) {
    super();
    const instants = events.map((event) => (event instanceof Date ? event.getTime() : Number.NaN));
    const wrong = instants.findIndex((instant) => !Number.isFinite(instant));
    if (wrong !== -1)
      throw new InvalidScheduleError(
        'events',
        `event ${wrong + 1} is not a valid Date: write new Date('2026-01-31T00:00:00Z').`,
      );
    const sorted = [...new Set(instants)].sort((a, b) => a - b);
    this.events = sorted.map((instant) => new Date(instant));
    this.description = options.description ?? null;
    this.ticks = {
      after: (instant) => sorted[firstAbove(sorted, instant)] ?? null,
      before: (instant) => sorted[firstAbove(sorted, instant - 1) - 1] ?? null,
    };
  }

  describe(): string {
    const count = this.events.length === 1 ? '1 written date' : `${this.events.length} written dates`;
    return this.description === null ? count : `${this.description} (${count})`;
  }

  toJson(): JsonObject {
    return {
      type: this.type,
      events: this.events.map((event) => event.toISOString()),
      description: this.description,
    };
  }
}
