import { expect, it } from 'vitest';
import { ContinuousTimetable } from './continuous-timetable.ts';

const continuous = new ContinuousTimetable();
const at = (time: string) => new Date(`2026-03-29T${time}Z`);
const free = { earliest: null, latest: null, catchup: false };

it('each run begins when it is asked for, about the time since the last: across a DST change nothing special', () => {
  const first = continuous.nextRun(null, { ...free, now: at('00:30') })!;
  expect(first.dataInterval).toEqual({ start: at('00:30'), end: at('00:30') });
  const second = continuous.nextRun(first.logicalDate, { ...free, now: at('01:10') })!;
  expect(second.logicalDate).toEqual(at('01:10'));
  expect(second.dataInterval).toEqual({ start: at('00:30'), end: at('01:10') });
});

it('two slots are never the same, even within one millisecond or when the clock goes back', () => {
  const run = continuous.nextRun(at('01:00'), { ...free, now: at('00:59') })!;
  expect(run.logicalDate.getTime()).toBe(at('01:00').getTime() + 1);
});

it('waits for startDate and ends with endDate', () => {
  expect(continuous.nextRun(null, { ...free, earliest: at('02:00'), now: at('01:00') })?.runAfter).toEqual(
    at('02:00'),
  );
  expect(continuous.nextRun(null, { ...free, latest: at('00:30'), now: at('01:00') })).toBeNull();
});
