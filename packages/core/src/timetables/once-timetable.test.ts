import { expect, it } from 'vitest';
import { OnceTimetable } from './once-timetable.ts';

const once = new OnceTimetable();
const now = new Date('2026-03-29T01:30Z');
const startDate = new Date('2026-03-29T00:59Z');
const free = { earliest: null, latest: null, catchup: false, now };

it('runs once, at startDate', () => {
  expect(once.nextRun(null, { ...free, earliest: startDate })?.logicalDate).toEqual(startDate);
  expect(once.nextRun(startDate, { ...free, earliest: startDate })).toBeNull();
});

it('without a startDate, as soon as it is seen', () => {
  expect(once.nextRun(null, free)?.runAfter).toEqual(now);
});

it('never after endDate, and there is no range of it to walk', () => {
  expect(once.nextRun(null, { ...free, latest: startDate })).toBeNull();
  expect([...once.runsBetween()]).toEqual([]);
});
