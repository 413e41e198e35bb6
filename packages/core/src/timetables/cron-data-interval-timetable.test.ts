import { expect, it } from 'vitest';
import { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';

const timetable = new CronDataIntervalTimetable('0 0 * * *', { timezone: 'Europe/Berlin' });
const restriction = { earliest: new Date('2026-03-27T00:00+01:00'), latest: null };

it('runs across a DST change: logical date (= start of the interval), then when it runs (= its end)', () => {
  const runs = [...timetable.runsBetween(new Date('2026-03-27T00:00Z'), new Date('2026-03-30T00:00Z'))];
  expect(
    runs.map(
      (run) => `${run.logicalDate.toISOString()} ${run.runAfter.toISOString()} ${hours(run.dataInterval)}`,
    ),
  ).toEqual([
    '2026-03-27T23:00:00.000Z 2026-03-28T23:00:00.000Z 24',
    '2026-03-28T23:00:00.000Z 2026-03-29T22:00:00.000Z 23',
    '2026-03-29T22:00:00.000Z 2026-03-30T22:00:00.000Z 24',
  ]);
});

it.each([
  // last, catchup, now -> logical date
  [null, true, '2026-03-26T12:00Z', '2026-03-26T23:00Z', 'startDate is the start of the first interval'],
  [null, true, '2026-03-31T12:00Z', '2026-03-26T23:00Z', 'catchup: the oldest'],
  ['2026-03-26T23:00Z', true, '2026-03-31T12:00Z', '2026-03-27T23:00Z', 'catchup: the next'],
  [null, false, '2026-03-31T12:00Z', '2026-03-29T22:00Z', 'newest complete interval: the day before'],
  ['2026-03-29T22:00Z', false, '2026-03-31T12:00Z', '2026-03-30T22:00Z', 'then today, which ends tonight'],
  ['2026-03-29T22:00Z', false, '2026-03-31T22:00Z', '2026-03-30T22:00Z', 'which is due once it is over'],
])('last %s, catchup %s, now %s: %s (%s)', (last, catchup, now, expected, _why) => {
  const run = timetable.nextRun(last === null ? null : new Date(last), {
    ...restriction,
    catchup,
    now: new Date(now),
  });
  expect(run?.logicalDate).toEqual(new Date(expected));
  expect(run?.runAfter).toEqual(run?.dataInterval.end);
});

it('a run by hand is about the last complete interval', () => {
  const interval = timetable.manualInterval(new Date('2026-03-29T12:00Z'));
  expect(interval).toEqual({ start: new Date('2026-03-27T23:00Z'), end: new Date('2026-03-28T23:00Z') });
});

function hours({ start, end }: { start: Date; end: Date }): number {
  return (end.getTime() - start.getTime()) / 3_600_000;
}
