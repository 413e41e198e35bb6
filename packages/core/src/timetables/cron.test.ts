import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cron } from './cron.ts';
import { InvalidScheduleError } from './schedule-error.ts';

const minuteOf = (text: string) => Date.parse(`${text}Z`) / 60_000;
const textOf = (minute: number | null) =>
  minute === null ? null : new Date(minute * 60_000).toISOString().slice(0, 16);

describe('matches on a calendar without zones', () => {
  it.each([
    // expression, from (inclusive), first match, last match before `from`
    ['0 3 * * *', '2026-01-01T03:00', '2026-01-01T03:00', '2025-12-31T03:00'],
    ['0 3 * * *', '2026-01-01T03:01', '2026-01-02T03:00', '2026-01-01T03:00'],
    ['*/25 * * * *', '2026-01-01T00:51', '2026-01-01T01:00', '2026-01-01T00:50'],
    ['0 0 L * *', '2024-02-01T00:00', '2024-02-29T00:00', '2024-01-31T00:00'],
    ['0 0 15,L * *', '2026-02-16T00:00', '2026-02-28T00:00', '2026-02-15T00:00'],
    ['0 0 31 * *', '2026-02-01T00:00', '2026-03-31T00:00', '2026-01-31T00:00'],
    ['0 0 29 2 *', '2097-01-01T00:00', '2104-02-29T00:00', '2096-02-29T00:00'], // 2100 is no leap year
    ['0 0 * * 5L', '2026-01-31T00:00', '2026-02-27T00:00', '2026-01-30T00:00'],
    ['0 0 * * mon#5', '2026-01-01T00:00', '2026-03-30T00:00', '2025-12-29T00:00'],
    ['0 0 * 2 1#5', '2026-01-01T00:00', '2044-02-29T00:00', '2016-02-29T00:00'],
    ['0 0 13 * fri', '2026-01-10T00:00', '2026-01-13T00:00', '2026-01-09T00:00'], // either
    ['0 0 13 * *', '2026-01-14T00:00', '2026-02-13T00:00', '2026-01-13T00:00'],
    ['0 0 1-31 * mon', '2026-01-06T00:00', '2026-01-12T00:00', '2026-01-05T00:00'], // every day is no restriction
    ['0 0 * * 7', '2026-01-01T00:00', '2026-01-04T00:00', '2025-12-28T00:00'], // 7 is Sunday too
    ['0 0 * * sat,SUN', '2026-01-01T00:00', '2026-01-03T00:00', '2025-12-28T00:00'],
    ['@quarterly', '2026-01-02T00:00', '2026-04-01T00:00', '2026-01-01T00:00'],
    ['@YEARLY', '2026-01-02T00:00', '2027-01-01T00:00', '2026-01-01T00:00'],
    ['  0   3 * *   * ', '1969-12-31T23:00', '1970-01-01T03:00', '1969-12-31T03:00'],
  ])('%s from %s: %s, before it %s', (expression, from, next, previous) => {
    const cron = new Cron(expression);
    expect(textOf(cron.atOrAfter(minuteOf(from)))).toBe(next);
    expect(textOf(cron.atOrBefore(minuteOf(from) - 1))).toBe(previous);
  });

  it('ends with the year 9999', () => {
    expect(new Cron('@daily').atOrAfter(minuteOf('9999-12-31T00:01'))).toBeNull();
  });
});

describe('what can not be is refused, with a reason', () => {
  it.each([
    ['0 0 30 2 *', 'never match: feb has no day 30'],
    ['0 0 31 4,6 *', 'never match: apr, jun have no day 31'],
    ['@dialy', 'Did you mean "@daily"?'],
    ['daily', 'Did you mean "@daily"?'],
    ['10m', '{ every: "10m" }'],
    ['', 'got nothing'],
    ['0 0 * *', 'expected the five fields "minute hour day month weekday", got 4'],
    ['0 0 12 * * *', 'has no seconds: did you mean "0 12 * * *"?'],
    ['60 * * * *', 'minute "60"'],
    ['0 24 * * *', 'Expected 0-23'],
    ['0 0 0 * *', 'day of month "0"'],
    ['0 0 * 13 *', 'month "13"'],
    ['0 0 * * 8', 'day of week "8"'],
    ['0 0 * * monday', 'Did you mean "mon"?'],
    ['0 0 * januray *', 'Did you mean "jan"?'],
    ['0 22-3 * * *', 'Did you mean "22-23,0-3"?'],
    ['0 0 * * 1#6', 'day of week "1#6"'],
    ['H * * * *', 'hashed'],
    ['0 0 15W * *', 'day of month "15W"'],
    ['*/0 * * * *', 'minute "*/0"'],
  ])('%s: %s', (expression, message) => {
    expect(() => new Cron(expression)).toThrow(InvalidScheduleError);
    expect(() => new Cron(expression)).toThrow(message);
  });
});

const field = (min: number, max: number) =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
    fc
      .uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 })
      .map((values) => values.join(',')),
    fc
      .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
      .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  );
/** Days up to 28, so that no expression is refused as impossible. */
const anyCron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '));

describe('properties', () => {
  it('is never before what was asked, matches itself, and has nothing between', () => {
    fc.assert(
      fc.property(anyCron, fc.integer({ min: -20_000_000, max: 50_000_000 }), (expression, minute) => {
        const cron = new Cron(expression);
        const next = cron.atOrAfter(minute)!;
        expect(next).toBeGreaterThanOrEqual(minute);
        expect(cron.atOrAfter(next)).toBe(next);
        expect(cron.atOrBefore(next)).toBe(next);
        const previous = cron.atOrBefore(minute - 1)!;
        expect(previous).toBeLessThan(minute);
        expect(cron.atOrAfter(previous + 1)).toBe(next);
      }),
    );
  });
});
