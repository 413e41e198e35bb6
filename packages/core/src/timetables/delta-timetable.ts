import { type Duration, durationMs, formatDuration } from '../duration.ts';
import type { JsonObject } from '../json.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import { TickTimetable } from './tick-timetable.ts';
import type { Ticks } from './ticks.ts';

/**
 * A run at a fixed distance from the last: absolute time, whatever the wall clock does. Ticks lie on a grid through `startDate`
 * (without one through 1970-01-01T00:00Z, so that `10m` falls on :00, :10, :20), which is why a backfill finds the same slots.
 */
export class DeltaTimetable extends TickTimetable {
  readonly type = 'delta';
  /** From one run to the next, in milliseconds. */
  readonly everyMs: number;
  /** What the steps are counted from; null: 1970. */
  readonly startDate: Date | null;
  /** The instants of the steps. */
  protected readonly ticks: Ticks;

  /** `every`: at least a second. */
  constructor(every: Duration, options: { readonly startDate?: Date | null } = {}) {
    super();
    this.everyMs = durationMs(every, 'every');
    if (this.everyMs < 1000) {
      throw new InvalidScheduleError(
        `every ${every}`,
        'expected at least "1s". For runs that follow each other without a pause write "@continuous".',
      );
    }
    this.startDate = options.startDate ?? null;
    this.ticks = new GridTicks(this.startDate?.getTime() ?? 0, this.everyMs);
  }

  describe(): string {
    return `every ${wholeUnits(this.everyMs)}`;
  }

  toJson(): JsonObject {
    return { type: this.type, everyMs: this.everyMs, startDate: this.startDate?.toISOString() ?? null };
  }
}

class GridTicks implements Ticks {
  readonly #anchor: number;
  readonly #step: number;

  constructor(anchor: number, step: number) {
    this.#anchor = anchor;
    this.#step = step;
  }

  after(instant: number): number {
    return this.#anchor + (Math.floor((instant - this.#anchor) / this.#step) + 1) * this.#step;
  }

  before(instant: number): number {
    return this.#anchor + (Math.ceil((instant - this.#anchor) / this.#step) - 1) * this.#step;
  }
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

function wholeUnits(ms: number): string {
  for (const [name, length] of UNITS) {
    if (ms === length) return name;
    if (ms % length === 0) return `${ms / length} ${name}s`;
  }
  return formatDuration(ms);
}
