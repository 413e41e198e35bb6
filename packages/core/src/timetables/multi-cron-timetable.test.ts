import { expect, it } from 'vitest';
import { MultiCronTimetable } from './multi-cron-timetable.ts';

const timetable = new MultiCronTimetable(['30 2 * * *', '30 3 * * sun', '0 12 * * *'], {
  timezone: 'Europe/Berlin',
});

it('runs across a DST change: two crons that fall on one instant are one run', () => {
  const runs = timetable.runsBetween(new Date('2026-03-28T00:00Z'), new Date('2026-03-30T01:00Z'));
  expect([...runs].map((run) => run.logicalDate.toISOString())).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-28T11:00:00.000Z',
    '2026-03-29T01:30:00.000Z', // 02:30 moved to 03:30, which is a Sunday's tick too
    '2026-03-29T10:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

it('the data interval reaches back to the tick before, whichever cron it was of', () => {
  const interval = timetable.manualInterval(new Date('2026-03-28T12:00Z'));
  expect(interval).toEqual({ start: new Date('2026-03-28T01:30Z'), end: new Date('2026-03-28T11:00Z') });
});

it('says all of them', () => {
  expect(timetable.describe()).toBe('02:30 every day; 03:30 on Sunday; 12:00 every day (Europe/Berlin)');
  expect(() => new MultiCronTimetable([])).toThrow('at least one');
});
