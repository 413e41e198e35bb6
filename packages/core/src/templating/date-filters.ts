import { TZDate } from '@date-fns/tz';
import { format as formatDate } from 'date-fns/format';
import { InvalidInputError } from '../errors.ts';

/**
 * The filters for dates in templates. Days are texts `YYYY-MM-DD` on a calendar without zone; instants are Dates or ISO 8601.
 *
 * - `ds_add(days)`: a day so many days later (or earlier): `{{ ds | ds_add(-1) }}`
 * - `ds_nodash`, `ts_nodash`: without punctuation, `20260131`, `20260131T030000`
 * - `format(pattern, zone)`: an instant by date-fns' tokens, in the DAG's zone unless told otherwise: `{{ dataIntervalStart | format('yyyy/MM/dd HH:mm') }}`
 */
export function dateFilters(timezone: () => string): Readonly<Record<string, (...args: never[]) => string>> {
  return {
    ds_add: (day: unknown, days: number) => addDays(asDay(day), days),
    ds_nodash: (day: unknown) => asDay(day).replaceAll('-', ''),
    ts_nodash: (instant: unknown) => asInstant(instant).toISOString().slice(0, 19).replace(/[-:]/g, ''),
    format: (instant: unknown, pattern: string, zone?: string) =>
      formatDate(new TZDate(asInstant(instant).getTime(), zone ?? timezone()), pattern),
  };
}

function addDays(day: string, days: number): string {
  if (!Number.isInteger(days))
    throw new InvalidInputError(`ds_add expects whole days, got ${JSON.stringify(days)}.`);
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

function asDay(value: unknown): string {
  if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}/.test(value)) return value.slice(0, 10);
  throw new InvalidInputError(
    `Expected a day such as "2026-01-31", got ${JSON.stringify(value)}. For an instant use format.`,
  );
}

function asInstant(value: unknown): Date {
  const instant = value instanceof Date ? value : new Date(String(value));
  if (!Number.isNaN(instant.getTime())) return instant;
  throw new InvalidInputError(`Expected an instant, got ${JSON.stringify(value)}.`);
}
