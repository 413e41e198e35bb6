import { InvalidInputError } from '../errors.ts';
import { dayOfDate, daysInMonth } from './cron.ts';
import { Zone } from './zone-readings.ts';

const DAY = 86_400_000;

/** The day that the wall clock of `zone` shows at `instant`: `YYYY-MM-DD`. */
export function zonedDay(instant: Date | number, zone: string): string {
  return new Date(Zone.named(zone).wallAt(Number(instant))).toISOString().slice(0, 10);
}

/**
 * Reads an instant as people write it: `2015-12-31` (the first moment of that day in `zone`), `2015-12-31T03:00` (on the wall
 * clock of `zone`: a time that a DST change skipped moves forward by the gap, one that comes twice is the second), or with an
 * offset of its own, `2015-12-31T03:00:00Z` and `…+09:00`. Seconds and milliseconds may be left out; a space may stand for the `T`.
 * Throws {@link InvalidInputError} for anything else; `name` says in the message which option it was.
 */
export function parseInstant(text: string, zone: string, name = 'date'): Date {
  const { day, time, offset } = read(text, name);
  if (time === null) return new Date(Zone.named(zone).firstInstantFrom(day * DAY));
  const wall = day * DAY + time;
  return new Date(offset === null ? Zone.named(zone).instantOf(wall) : wall - offset);
}

/**
 * Reads the end of a range that includes it: `2015-12-31` is the last millisecond of that day in `zone`, anything more precise
 * is that instant, as {@link parseInstant} reads it.
 */
export function parseRangeEnd(text: string, zone: string, name = 'end'): Date {
  const { day, time } = read(text, name);
  if (time !== null) return parseInstant(text, zone, name);
  return new Date(Zone.named(zone).firstInstantFrom((day + 1) * DAY) - 1);
}

interface WrittenInstant {
  /** Days since 1970-01-01. */
  readonly day: number;
  /** Milliseconds since midnight; null: date only. */
  readonly time: number | null;
  /** Milliseconds ahead of UTC; null: none was written. */
  readonly offset: number | null;
}

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;

function read(text: string, name: string): WrittenInstant {
  const match = FORM.exec(text.trim());
  if (match === null) {
    throw new InvalidInputError(
      `${name}: expected a date such as "2015-12-31", "2015-12-31T03:00" or "2015-12-31T03:00:00Z", got ${JSON.stringify(text)}.`,
    );
  }
  const [year, month, date] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (month < 1 || month > 12) throw outOfRange(text, name, `there is no month ${month}`);
  const length = daysInMonth(year, month);
  if (date < 1 || date > length) {
    throw outOfRange(text, name, `${match[1]}-${match[2]} has ${length} days`);
  }
  const day = dayOfDate(year, month, date);
  if (match[4] === undefined) return { day, time: null, offset: null };
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) throw outOfRange(text, name, 'the time ends at 23:59:59');
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  return {
    day,
    time: ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds,
    offset: match[8] === undefined ? null : readOffset(match[8]),
  };
}

function readOffset(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000;
}

function outOfRange(text: string, name: string, why: string): InvalidInputError {
  return new InvalidInputError(`${name}: no such time ${JSON.stringify(text)}: ${why}.`);
}
