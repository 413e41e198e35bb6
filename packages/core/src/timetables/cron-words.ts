import type { Cron, CronFields } from './cron.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const ORDINALS = ['', 'first', 'second', 'third', 'fourth', 'fifth'];

/** Longer lists of times are not for reading aloud. */
const MAX_TIMES = 4;

/** A cron in words: `03:00 every day`, `every 15 minutes, on Monday to Friday`, `00:00 on the last day of March`. */
export function describeCron(cron: Cron): string {
  const { fields } = cron;
  const times = timesOf(fields);
  const days = daysOf(fields);
  const months = fields.months.length === 12 ? null : list(fields.months, (m) => MONTHS[m - 1]!);
  if (times.startsWith('every')) {
    const when = [days === null ? null : `on ${days}`, months === null ? null : `in ${months}`];
    return [times, ...when.filter((part) => part !== null)].join(', ');
  }
  if (days === null) return `${times} every day${months === null ? '' : ` in ${months}`}`;
  const ofMonth = fields.weekdays === null && fields.lastWeekdays.length === 0 && fields.nth === null;
  if (months !== null) return `${times} on ${days}${ofMonth ? ' of' : ' in'} ${months}`;
  return `${times} on ${days}${ofMonth ? ' of the month' : ''}`;
}

function timesOf({ minutes, hours }: CronFields): string {
  const anyHour = hours.length === 24;
  const step = stepOf(minutes, 60);
  if (minutes.length === 60) return anyHour ? 'every minute' : `every minute ${ofHours(hours)}`;
  if (step !== null) return `every ${step} minutes${anyHour ? '' : ` ${ofHours(hours)}`}`;
  if (minutes.length * hours.length <= MAX_TIMES) {
    return and(hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`)));
  }
  const hourly = anyHour
    ? 'every hour'
    : stepOf(hours, 24) !== null
      ? `every ${stepOf(hours, 24)} hours`
      : null;
  if (hourly !== null && minutes.length === 1 && minutes[0] === 0) return hourly;
  const [first, last] = [hours[0]!, hours.at(-1)!];
  if (hourly === null && minutes.length === 1 && isRange(hours)) {
    return `every hour from ${two(first)}:${two(minutes[0]!)} to ${two(last)}:${two(minutes[0]!)}`;
  }
  return `${hourly ?? `every hour ${ofHours(hours)}`} at minute ${and(minutes.map(String))}`;
}

/** Null: every day. */
function daysOf({ days, lastDay, weekdays, lastWeekdays, nth }: CronFields): string | null {
  const parts: string[] = [];
  if (days !== null && days.length > 0) parts.push(`day ${list(days, String)}`);
  if (lastDay) parts.push('the last day');
  if (weekdays !== null && weekdays.length > 0) {
    const names = list(weekdays, (weekday) => WEEKDAYS[weekday]!);
    parts.push(nth === null ? names : `the ${ORDINALS[nth]} ${names} of the month`);
  }
  for (const weekday of lastWeekdays) parts.push(`the last ${WEEKDAYS[weekday]} of the month`);
  return parts.length === 0 ? null : parts.join(' or ');
}

function ofHours(hours: readonly number[]): string {
  if (!isRange(hours)) return `in hour ${and(hours.map(String))}`;
  return `from ${two(hours[0]!)}:00 to ${two(hours.at(-1)!)}:59`;
}

function isRange(values: readonly number[]): boolean {
  return values.length > 1 && values.at(-1)! - values[0]! === values.length - 1;
}

/** The step of a field that starts at 0 and goes on in equal steps to its end; null when it is not one. */
function stepOf(values: readonly number[], size: number): number | null {
  if (values.length < 2 || values[0] !== 0) return null;
  const step = values[1]!;
  const isEven = size % step === 0 && values.length === size / step;
  return isEven && values.every((value, index) => value === index * step) ? step : null;
}

/** `Monday to Friday` for three or more in a row, else `Monday and Friday`. */
function list(values: readonly number[], name: (value: number) => string): string {
  const [first, last] = [values[0]!, values.at(-1)!];
  if (values.length > 2 && last - first === values.length - 1) return `${name(first)} to ${name(last)}`;
  return and(values.map(name));
}

function and(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
