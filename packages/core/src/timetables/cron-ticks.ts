import type { Cron } from './cron.ts';
import type { Ticks } from './ticks.ts';
import type { Reading, Zone, ZoneYear } from './zone-readings.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * The ticks of a cron expression in a zone.
 *
 * A cron whose hour field begins with `*` is matched against the clock as time passes; any other against the wall clock on which
 * each time comes once ({@link ZoneYear}). Within a reading, ticks are matches of the calendar minus an offset; the
 * next tick is the least over all readings, so two times that fall on one instant are one tick.
 */
export class CronTicks implements Ticks {
  readonly #cron: Cron;
  readonly #zone: Zone;

  constructor(cron: Cron, zone: Zone) {
    this.#cron = cron;
    this.#zone = zone;
  }

  after(instant: number): number | null {
    let from = instant + 1;
    for (;;) {
      const year = this.#zone.year(from);
      const tick = this.#firstIn(year, from);
      if (tick !== null) return tick;
      // Nothing on the calendar means nothing in the years up to there; a clock is never a day from UTC.
      const match = this.#cron.atOrAfter(Math.floor((year.end - DAY) / MINUTE));
      if (match === null) return null;
      from = Math.max(year.end, match * MINUTE - DAY);
    }
  }

  before(instant: number): number | null {
    let to = instant;
    for (;;) {
      const year = this.#zone.year(to - 1);
      const tick = this.#lastIn(year, to);
      if (tick !== null) return tick;
      const match = this.#cron.atOrBefore(Math.ceil((year.start + DAY) / MINUTE));
      if (match === null) return null;
      to = Math.min(year.start, match * MINUTE + DAY);
    }
  }

  #readings(year: ZoneYear): readonly Reading[] {
    return this.#cron.isHourly ? year.elapsed : year.wall;
  }

  #firstIn(year: ZoneYear, from: number): number | null {
    let best: number | null = null;
    for (const reading of this.#readings(year)) {
      if (reading.to <= from || (best !== null && reading.from >= best)) continue;
      const wall = Math.max(reading.from, from) + reading.offset;
      const match = this.#cron.atOrAfter(Math.ceil(wall / MINUTE));
      if (match === null) continue;
      const tick = match * MINUTE - reading.offset;
      if (tick < reading.to && (best === null || tick < best)) best = tick;
    }
    return best;
  }

  /** The last tick of the year strictly before `to`. */
  #lastIn(year: ZoneYear, to: number): number | null {
    let best: number | null = null;
    for (const reading of this.#readings(year)) {
      if (reading.from >= to || (best !== null && reading.to <= best)) continue;
      const wall = Math.min(reading.to, to) - 1 + reading.offset;
      const match = this.#cron.atOrBefore(Math.floor(wall / MINUTE));
      if (match === null) continue;
      const tick = match * MINUTE - reading.offset;
      if (tick >= reading.from && (best === null || tick > best)) best = tick;
    }
    return best;
  }
}
