import { expect, it } from 'vitest';
import { MonthsTimetable } from './months-timetable.ts';

it('runs across DST changes and short months: the same time on the wall clock, clamped without lasting effect', () => {
  const monthly = new MonthsTimetable(1, {
    startDate: new Date('2026-01-31T02:30+01:00'),
    timezone: 'Europe/Berlin',
  });
  const runs = monthly.runsBetween(new Date('2026-01-01T00:00Z'), new Date('2026-11-30T23:00Z'));
  expect([...runs].map((run) => run.logicalDate.toISOString().slice(0, 16))).toEqual([
    '2026-01-31T01:30',
    '2026-02-28T01:30',
    '2026-03-31T00:30',
    '2026-04-30T00:30',
    '2026-05-31T00:30',
    '2026-06-30T00:30',
    '2026-07-31T00:30',
    '2026-08-31T00:30',
    '2026-09-30T00:30',
    '2026-10-31T01:30',
    '2026-11-30T01:30',
  ]);
});

it('a year is twelve months: from a leap day', () => {
  const yearly = new MonthsTimetable(12, { startDate: new Date('2024-02-29T00:00Z') });
  const runs = yearly.runsBetween(new Date('2024-01-01T00:00Z'), new Date('2028-12-31T00:00Z'));
  expect([...runs].map((run) => run.logicalDate.toISOString().slice(0, 10))).toEqual([
    '2024-02-29',
    '2025-02-28',
    '2026-02-28',
    '2027-02-28',
    '2028-02-29',
  ]);
});

it('needs a startDate and whole months', () => {
  expect(() => new MonthsTimetable(1, {})).toThrow('needs a startDate');
  expect(() => new MonthsTimetable(0.5, { startDate: new Date(0) })).toThrow('whole number of months');
});
