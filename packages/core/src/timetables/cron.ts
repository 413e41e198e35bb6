import { createRequire } from 'node:module';
import { didYouMean } from '../errors.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import { firstAbove } from './sorted.ts';

/** Airflow's presets. `@once` and `@continuous` are timetables of their own. */
export const CRON_PRESETS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const MONTH_NAMES = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const WEEKDAY_NAMES = 'sun mon tue wed thu fri sat'.split(' ');

/** The values of the five fields, each sorted and without repeats. A field that lets everything pass is null where it matters. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Days 1 to 31; null: any day. */
  readonly days: readonly number[] | null;
  /** `L` in the day field. */
  readonly lastDay: boolean;
  readonly months: readonly number[];
  /** 0 is Sunday; null: any weekday. */
  readonly weekdays: readonly number[] | null;
  /** `5#2`: only the second Friday of the month. */
  readonly nth: number | null;
  /** `5L`: the last Friday of the month. */
  readonly lastWeekdays: readonly number[];
}

const FIELDS = ['minute', 'hour', 'day of month', 'month', 'day of week'] as const;
const FIELD_RANGES = ['0-59', '0-23', '1-31 or L', '1-12 or jan-dec', '0-7 or sun-sat, 5L or 5#2'] as const;
const MINUTES_PER_DAY = 1440;

/**
 * A cron expression, over a calendar without zones: its time is the number of minutes since 1970-01-01T00:00 on some wall clock.
 *
 * Five fields (minute, hour, day of month, month, day of week) with lists, ranges, steps and English names; `L` for the last day
 * of the month, `5L` for the last Friday, `5#2` for the second one; or a preset. When day of month and day of week are both
 * restricted, a day that satisfies either matches; a field counts as restricted unless it lets every value pass.
 */
export class Cron {
  /** As it was written, white space normalized. */
  readonly expression: string;
  readonly fields: CronFields;
  /** The hour field begins with `*`: such a cron steps in real time over DST changes instead of reading the wall clock. */
  readonly isHourly: boolean;
  /** Minutes of the day at which it fires, ascending. */
  readonly #times: readonly number[];
  readonly #months: ReadonlySet<number>;
  readonly #dayMask: number;
  /** Bit `w`: weekday `w` matches. */
  readonly #weekdayMask: number;

  /** Throws {@link InvalidScheduleError} for an expression that is malformed or can never match. */
  constructor(expression: string) {
    this.expression = expression.trim().replace(/\s+/g, ' ');
    const parts = split(this.expression);
    this.fields = parseFields(this.expression, parts);
    this.isHourly = parts[1]!.startsWith('*');
    const { minutes, hours, days, months, weekdays } = this.fields;
    this.#times = hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
    this.#months = new Set(months);
    this.#dayMask = bits(days ?? []);
    this.#weekdayMask = bits(weekdays ?? []);
    this.#refuseNever();
  }

  /** The first match at `minute` or later; null when there is none before the year 10000. */
  atOrAfter(minute: number): number | null {
    const first = Math.floor(minute / MINUTES_PER_DAY);
    let date = dateOfDay(first);
    let mask = this.#daysOf(date.year, date.month) & -(1 << date.day);
    if ((mask & (1 << date.day)) !== 0) {
      const time = this.#times[firstAbove(this.#times, minute - first * MINUTES_PER_DAY - 1)];
      if (time !== undefined) return first * MINUTES_PER_DAY + time;
      mask &= ~(1 << date.day);
    }
    while (mask === 0) {
      date =
        date.month === 12 ? { year: date.year + 1, month: 1, day: 1 } : { ...date, month: date.month + 1 };
      if (date.year > 9999) return null;
      mask = this.#daysOf(date.year, date.month);
    }
    return dayOfDate(date.year, date.month, lowestBit(mask)) * MINUTES_PER_DAY + this.#times[0]!;
  }

  /** The last match at `minute` or earlier; null when there is none after the year 0. */
  atOrBefore(minute: number): number | null {
    const last = Math.floor(minute / MINUTES_PER_DAY);
    let date = dateOfDay(last);
    let mask = this.#daysOf(date.year, date.month) & ((1 << date.day) | ((1 << date.day) - 1));
    if ((mask & (1 << date.day)) !== 0) {
      const time = this.#times[firstAbove(this.#times, minute - last * MINUTES_PER_DAY) - 1];
      if (time !== undefined) return last * MINUTES_PER_DAY + time;
      mask &= ~(1 << date.day);
    }
    while (mask === 0) {
      date =
        date.month === 1 ? { year: date.year - 1, month: 12, day: 1 } : { ...date, month: date.month - 1 };
      if (date.year < 1) return null;
      mask = this.#daysOf(date.year, date.month);
    }
    return dayOfDate(date.year, date.month, highestBit(mask)) * MINUTES_PER_DAY + this.#times.at(-1)!;
  }

  /** The matching days of a month as bits 1 to 31. */
  #daysOf(year: number, month: number): number {
    if (!this.#months.has(month)) return 0;
    return this.#daysOfMonthLike(daysInMonth(year, month), weekdayOfDay(dayOfDate(year, month, 1)));
  }

  #daysOfMonthLike(length: number, firstWeekday: number): number {
    const { days, weekdays, lastDay, lastWeekdays, nth } = this.fields;
    const all = length === 31 ? -2 : (1 << (length + 1)) - 2;
    if (days === null && weekdays === null) return all;
    let mask = days === null ? 0 : this.#dayMask & all;
    if (lastDay) mask |= 1 << length;
    if (weekdays === null) return mask;
    for (let day = 1; day <= length; day++) {
      const weekday = (firstWeekday + day - 1) % 7;
      const isNth = nth === null || Math.ceil(day / 7) === nth;
      if (isNth && (this.#weekdayMask & (1 << weekday)) !== 0) mask |= 1 << day;
      if (day > length - 7 && lastWeekdays.includes(weekday)) mask |= 1 << day;
    }
    return mask;
  }

  #refuseNever(): void {
    const { months, days } = this.fields;
    const matches = months.some((month) =>
      (month === 2 ? [28, 29] : [daysInMonth(2001, month)]).some((length) =>
        [0, 1, 2, 3, 4, 5, 6].some((weekday) => this.#daysOfMonthLike(length, weekday) !== 0),
      ),
    );
    if (matches) return;
    const named = months.map((month) => MONTH_NAMES[month - 1]).join(', ');
    throw new InvalidScheduleError(
      this.expression,
      `it can never match: ${named} ${months.length === 1 ? 'has' : 'have'} no day ${days?.join(' or ')}. For the last day of a month write "L" as the day.`,
    );
  }
}

function split(expression: string): string[] {
  if (expression.startsWith('@')) {
    const preset = CRON_PRESETS[expression.toLowerCase()];
    if (preset !== undefined) return preset.split(' ');
    const known = [...Object.keys(CRON_PRESETS), '@once', '@continuous'];
    const meant = didYouMean(expression, known);
    throw new InvalidScheduleError(
      expression,
      `no such preset.${meant === undefined ? ` Known are ${known.join(', ')}.` : ` Did you mean "${meant}"?`}`,
    );
  }
  const parts = expression.split(' ');
  if (parts.length === 5) return parts;
  const expected = 'expected the five fields "minute hour day month weekday"';
  if (parts.length === 6) {
    throw new InvalidScheduleError(
      expression,
      `${expected}, got six. tsflow's cron has no seconds: did you mean "${parts.slice(1).join(' ')}"?`,
    );
  }
  const everyHint = /^\d+(\.\d+)?\s*(ms|s|m|h|d|w)/.test(expression)
    ? ` For a fixed distance write { every: "${expression}" }.`
    : '';
  const preset = didYouMean(`@${expression}`, [...Object.keys(CRON_PRESETS), '@once', '@continuous']);
  const presetHint = parts.length === 1 && preset !== undefined ? ` Did you mean "${preset}"?` : '';
  throw new InvalidScheduleError(
    expression,
    `${expected}, got ${expression === '' ? 'nothing' : parts.length}.${everyHint}${presetHint}`,
  );
}

function parseFields(expression: string, parts: readonly string[]): CronFields {
  const raw = parts.map((part, index) => parseField(expression, part, index));
  const numbers = (index: number) =>
    raw[index]!.values.filter((value): value is number => typeof value === 'number');
  const weekdays = unique(numbers(4).map((weekday) => weekday % 7));
  const lastWeekdays = raw[4]!.values
    .filter((value): value is string => typeof value === 'string')
    .map((value) => Number.parseInt(value, 10) % 7);
  const days = unique(numbers(2));
  const nth = raw[4]!.nth || null;
  return {
    minutes: unique(numbers(0)),
    hours: unique(numbers(1)),
    days: days.length === 31 ? null : days,
    lastDay: raw[2]!.values.includes('L'),
    months: unique(numbers(3)),
    weekdays: weekdays.length === 7 && nth === null ? null : weekdays,
    nth,
    lastWeekdays,
  };
}

/** One field through cron-parser, the others `*`: so an error is known to be about this one, and no field influences another. */
function parseField(
  expression: string,
  part: string,
  index: number,
): { values: (number | string)[]; nth: number } {
  const refuse = (why: string): never => {
    throw new InvalidScheduleError(
      expression,
      `${FIELDS[index]} "${part}": ${why} Expected ${FIELD_RANGES[index]}, with lists (1,2), ranges (1-5) and steps (*/2).${hint(part, index)}`,
    );
  };
  if (/H/.test(part)) refuse('"H" (a hashed value) would not be the same every time the file is read.');
  const fields = ['*', '*', '*', '*', '*'];
  fields[index] = part;
  try {
    const parsed = cronParser().parse(`0 ${fields.join(' ')}`).fields;
    const field = [parsed.minute, parsed.hour, parsed.dayOfMonth, parsed.month, parsed.dayOfWeek][index]!;
    return { values: [...field.values], nth: parsed.dayOfWeek.nthDay };
  } catch (cause) {
    return refuse(`${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}

/** Loaded by the first cron schedule: processes that read none start sooner without it. */
function cronParser() {
  const require = createRequire(import.meta.url);
  return (require('cron-parser') as typeof import('cron-parser')).CronExpressionParser;
}

/** What was probably meant: a misspelt name, or a range that runs backwards. */
function hint(part: string, index: number): string {
  const names = index === 3 ? MONTH_NAMES : index === 4 ? WEEKDAY_NAMES : [];
  const unknown = part.match(/[a-z]+/gi)?.find((word) => word !== 'L' && !names.includes(word.toLowerCase()));
  if (unknown !== undefined) {
    const meant = names.find((name) => unknown.toLowerCase().startsWith(name)) ?? didYouMean(unknown, names);
    return meant === undefined ? '' : ` Did you mean "${part.replace(unknown, meant)}"?`;
  }
  const range = /^(\d+)-(\d+)$/.exec(part);
  if (range === null) return '';
  const [from, to] = [Number(range[1]), Number(range[2])];
  const [min, max] = [
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [0, 6],
  ][index] as [number, number];
  if (from <= to || from > max || to < min) return '';
  return ` Did you mean "${from}-${max},${min}-${to}"?`;
}

function unique(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

function bits(values: readonly number[]): number {
  return values.reduce((mask, value) => mask | (1 << value), 0);
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

function highestBit(mask: number): number {
  return 31 - Math.clz32(mask);
}

export function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
}

/** 1970-01-01 was a Thursday. */
function weekdayOfDay(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** Days from 1970-01-01 to a date of the Gregorian calendar. Years count from March, so that the leap day is the last. */
export function dayOfDate(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468;
}

function dateOfDay(day: number): { year: number; month: number; day: number } {
  const date = new Date(day * 86_400_000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
