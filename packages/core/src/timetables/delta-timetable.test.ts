import { expect, it } from 'vitest';
import { DeltaTimetable } from './delta-timetable.ts';

it('runs across a DST change: absolute time, so the wall clock drifts by the hour', () => {
  const daily = new DeltaTimetable('1d', { startDate: new Date('2026-03-27T02:30+01:00') });
  const runs = daily.runsBetween(new Date('2026-03-27T00:00Z'), new Date('2026-03-31T00:00Z'));
  expect([...runs].map((run) => run.logicalDate.toISOString())).toEqual([
    '2026-03-27T01:30:00.000Z', // 02:30 in Berlin
    '2026-03-28T01:30:00.000Z', // 02:30
    '2026-03-29T01:30:00.000Z', // 03:30
    '2026-03-30T01:30:00.000Z', // 03:30
  ]);
});

it('without a startDate the grid goes through 1970', () => {
  const run = new DeltaTimetable('10m').nextRun(null, {
    earliest: null,
    latest: null,
    catchup: false,
    now: new Date('2026-03-29T12:34:56Z'),
  });
  expect(run?.logicalDate.toISOString()).toBe('2026-03-29T12:40:00.000Z');
  expect(run?.dataInterval.start.toISOString()).toBe('2026-03-29T12:30:00.000Z');
});

it.each([
  ['1d', 'every day'],
  ['90m', 'every 90 minutes'],
  [30, 'every 30 seconds'],
  ['2w', 'every 14 days'],
])('%s is "%s"', (every, words) => {
  expect(new DeltaTimetable(every).describe()).toBe(words);
});

it.each(['0s', '500ms', 0])('%s is too short', (every) => {
  expect(() => new DeltaTimetable(every)).toThrow('at least "1s"');
});
