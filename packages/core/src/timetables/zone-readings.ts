import { didYouMean, InvalidInputError } from '../errors.ts';

/**
 * One stretch of a zone's clock, read with one offset: the instants `[from, to)` show the wall clock `instant + offset`.
 * The evaluator of a cron looks for wall-clock matches inside readings, and needs to know nothing else of DST.
 */
export interface Reading {
  readonly from: number;
  readonly to: number;
  /** Milliseconds to add to an instant to get what the wall clock shows. */
  readonly offset: number;
}

/** The same year (366 days from a multiple of it since 1970) of a zone, read in tsflow's two ways. */
export interface ZoneYear {
  readonly start: number;
  readonly end: number;
  /** As time passes: a repeated hour is read twice, a missing one never. */
  readonly elapsed: readonly Reading[];
  /**
   * Each time on the wall clock once: an ambiguous one at its second occurrence; one that does not exist as if the clock had
   * not been moved, so that it comes later by the gap. A gap is therefore read twice, with the old offset and with the new.
   */
  readonly wall: readonly Reading[];
}

const MINUTE = 60_000;
const DAY = 86_400_000;
const YEAR = 366 * DAY;

/**
 * How far outside a year its offset changes are looked for. A change reaches as far as the clock moves, and the largest move on
 * record is the day that Samoa skipped.
 */
const MARGIN = 3 * DAY;

/** The largest distance of a wall clock from UTC is 14 h, 15 h in history; a day is more than enough. */
const MAX_OFFSET = DAY;

/** The clock of an IANA time zone: what it shows at an instant, and when it shows a given time. Cached per name. */
export class Zone {
  readonly name: string;
  readonly #format: (instant: number) => string;
  readonly #years = new Map<number, ZoneYear>();

  /** Throws {@link InvalidInputError} for a zone that this Node does not know. */
  static named(name: string): Zone {
    let zone = zones.get(name);
    if (zone === undefined) {
      zone = new Zone(name);
      zones.set(name, zone);
    }
    return zone;
  }

  private constructor(name: string) {
    this.name = name;
    this.#format = offsetFormat(name);
  }

  /** What the wall clock shows at `instant`, as the milliseconds at which UTC shows the same. */
  wallAt(instant: number): number {
    for (const reading of this.year(instant).elapsed) {
      if (instant < reading.to) return instant + reading.offset;
    }
    throw new Error(`unreachable: the readings of ${this.name} have a hole at ${instant}`);
  }

  /**
   * The instant at which the wall clock shows `wall`. An ambiguous time is its second occurrence; one that does not exist
   * moves forward by the gap (02:30 with a one-hour gap is 03:30): a cron reads the wall clock by the same rule.
   */
  instantOf(wall: number): number {
    for (const year of this.#yearsAround(wall)) {
      for (const reading of year.wall) {
        const instant = wall - reading.offset;
        if (instant >= reading.from && instant < reading.to) return instant;
      }
    }
    throw new Error(`unreachable: no reading of ${this.name} shows ${wall}`);
  }

  /** The first instant at which the wall clock shows `wall` or later: where a day begins, whatever its midnight is like. */
  firstInstantFrom(wall: number): number {
    for (const year of this.#yearsAround(wall)) {
      for (const reading of year.elapsed) {
        if (reading.to + reading.offset <= wall) continue;
        return Math.max(reading.from, wall - reading.offset);
      }
    }
    throw new Error(`unreachable: no reading of ${this.name} reaches ${wall}`);
  }

  /** The year that `instant` lies in. The first call for a year looks its changes up (well below a millisecond). */
  year(instant: number): ZoneYear {
    const index = Math.floor(instant / YEAR);
    let year = this.#years.get(index);
    if (year === undefined) {
      year = this.#read(index * YEAR, (index + 1) * YEAR);
      this.#years.set(index, year);
    }
    return year;
  }

  #yearsAround(wall: number): Set<ZoneYear> {
    return new Set([this.year(wall - MAX_OFFSET), this.year(wall + MAX_OFFSET)]);
  }

  #read(start: number, end: number): ZoneYear {
    const stretches = this.#stretches(start - MARGIN, end + MARGIN);
    const wall = stretches.flatMap(({ from, to, offset }, index): Reading[] => {
      const before = stretches[index - 1]?.offset ?? offset;
      const after = stretches[index + 1]?.offset ?? offset;
      const own = { from, to: to - Math.max(0, offset - after), offset };
      return offset > before ? [{ from, to: from + offset - before, offset: before }, own] : [own];
    });
    const inYear = (readings: readonly Reading[]) =>
      readings
        .map((r) => ({ from: Math.max(r.from, start), to: Math.min(r.to, end), offset: r.offset }))
        .filter((r) => r.from < r.to);
    return { start, end, elapsed: inYear(stretches), wall: inYear(wall) };
  }

  /** The stretches of constant offset in `[start, end)`. Looks once a day: no zone has moved its clock and back within one. */
  #stretches(start: number, end: number): Reading[] {
    const stretches: Reading[] = [];
    let from = start;
    let offset = this.#offsetAt(start);
    for (let day = start; day < end; day += DAY) {
      const next = this.#offsetAt(day + DAY);
      if (next === offset) continue;
      const change = this.#changeBetween(day, day + DAY, offset);
      stretches.push({ from, to: change, offset });
      from = change;
      offset = next;
    }
    stretches.push({ from, to: end, offset });
    return stretches;
  }

  /** The instant in `(low, high]` at which the offset stops being `offset`, to the second. */
  #changeBetween(low: number, high: number, offset: number): number {
    let [before, after] = [low, high];
    while (after - before > 1000) {
      const middle = before + Math.floor((after - before) / 2000) * 1000;
      if (this.#offsetAt(middle) === offset) before = middle;
      else after = middle;
    }
    return after;
  }

  #offsetAt(instant: number): number {
    return parseOffset(this.#format(instant));
  }
}

const zones = new Map<string, Zone>();

const offsets = new Map<string, number>();

/** Reads `…, GMT+05:30`; before standard time also seconds, `GMT-00:44:30`. */
function parseOffset(formatted: string): number {
  const text = formatted.slice(formatted.indexOf('GMT') + 3);
  let offset = offsets.get(text);
  if (offset === undefined) {
    const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(':').map(Number);
    offset = (hours * 60 + minutes) * MINUTE + seconds * 1000;
    if (text.startsWith('-')) offset = -offset;
    offsets.set(text, offset);
  }
  return offset;
}

function offsetFormat(timeZone: string): (instant: number) => string {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
    return (instant) => format.format(instant);
  } catch (cause) {
    const meant = didYouMean(timeZone, [...Intl.supportedValuesOf('timeZone'), 'UTC']);
    throw new InvalidInputError(
      `timezone: expected an IANA name such as "Asia/Tokyo", got ${JSON.stringify(timeZone)}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
      { cause },
    );
  }
}
