import { describe, expect, it } from 'vitest';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';

const runs = (expression: string, timezone: string, start: string, end: string) =>
  [...new CronTriggerTimetable(expression, { timezone }).runsBetween(new Date(start), new Date(end))].map(
    ({ logicalDate, dataInterval }) =>
      [logicalDate, dataInterval.start, dataInterval.end]
        .map((at) => at.toISOString().slice(0, 16))
        .join(' '),
  );

describe('runs across a DST change: logical date, then the data interval', () => {
  it('02:30 in Berlin, when 02:00 to 03:00 does not exist: 03:30, once', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', '2026-03-30T23:00Z')).toEqual([
      '2026-03-28T01:30 2026-03-27T01:30 2026-03-28T01:30',
      '2026-03-29T01:30 2026-03-28T01:30 2026-03-29T01:30', // 03:30 on the wall
      '2026-03-30T00:30 2026-03-29T01:30 2026-03-30T00:30',
    ]);
  });

  it('02:30 in Berlin, when it comes twice: the second', () => {
    expect(runs('30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00Z', '2026-10-26T23:00Z')).toEqual([
      '2026-10-24T00:30 2026-10-23T00:30 2026-10-24T00:30',
      '2026-10-25T01:30 2026-10-24T00:30 2026-10-25T01:30', // 25 hours
      '2026-10-26T01:30 2026-10-25T01:30 2026-10-26T01:30',
    ]);
  });

  it('02:30 and 03:30 fall together in the gap: one run', () => {
    expect(runs('30 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T23:00Z')).toEqual([
      '2026-03-29T01:30 2026-03-28T02:30 2026-03-29T01:30',
    ]);
  });

  it('an hourly cron steps in real time: the repeated hour twice, the missing one not at all', () => {
    expect(runs('0 * * * *', 'Europe/Berlin', '2026-10-24T23:00Z', '2026-10-25T02:00Z')).toEqual([
      '2026-10-24T23:00 2026-10-24T22:00 2026-10-24T23:00', // 01:00
      '2026-10-25T00:00 2026-10-24T23:00 2026-10-25T00:00', // 02:00
      '2026-10-25T01:00 2026-10-25T00:00 2026-10-25T01:00', // 02:00 again
      '2026-10-25T02:00 2026-10-25T01:00 2026-10-25T02:00', // 03:00
    ]);
    expect(runs('0 */2 * * *', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T03:00Z')).toEqual([
      '2026-03-28T23:00 2026-03-28T21:00 2026-03-28T23:00', // 00:00
      '2026-03-29T02:00 2026-03-28T23:00 2026-03-29T02:00', // 04:00; 02:00 did not exist
    ]);
  });

  it('midnight in Cairo, when the day begins at 01:00', () => {
    expect(runs('@daily', 'Africa/Cairo', '2024-04-25T00:00Z', '2024-04-27T00:00Z')).toEqual([
      '2024-04-25T22:00 2024-04-24T22:00 2024-04-25T22:00', // 01:00 on the 26th
      '2024-04-26T21:00 2024-04-25T22:00 2024-04-26T21:00',
    ]);
  });

  it('noon in Samoa, whose 30 December 2011 was skipped: that day and the next are one run', () => {
    expect(runs('0 12 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', '2012-01-01T00:00Z')).toEqual([
      '2011-12-29T22:00 2011-12-28T22:00 2011-12-29T22:00', // the 29th
      '2011-12-30T22:00 2011-12-29T22:00 2011-12-30T22:00', // the 31st
      '2011-12-31T22:00 2011-12-30T22:00 2011-12-31T22:00', // 1 January
    ]);
  });
});

describe('one run after another', () => {
  const timetable = new CronTriggerTimetable('0 3 * * *', { timezone: 'Asia/Tokyo' });
  const restriction = {
    earliest: new Date('2026-01-01T00:00+09:00'),
    latest: null,
    now: new Date('2026-01-05T12:00+09:00'),
  };

  it('becomes due at its tick', () => {
    const run = timetable.nextRun(null, { ...restriction, catchup: true });
    expect(run?.runAfter).toEqual(new Date('2026-01-01T03:00+09:00'));
    expect(run?.logicalDate).toEqual(run?.runAfter);
  });

  it('without catchup the newest missed tick comes first, then the next one', () => {
    const first = timetable.nextRun(null, { ...restriction, catchup: false });
    expect(first?.logicalDate).toEqual(new Date('2026-01-05T03:00+09:00'));
    const second = timetable.nextRun(first!.logicalDate, { ...restriction, catchup: false });
    expect(second?.logicalDate).toEqual(new Date('2026-01-06T03:00+09:00'));
  });

  it('a run by hand is about the last complete interval', () => {
    expect(timetable.manualInterval(restriction.now)).toEqual({
      start: new Date('2026-01-04T03:00+09:00'),
      end: new Date('2026-01-05T03:00+09:00'),
    });
  });

  it('says itself in words', () => {
    expect(timetable.describe()).toBe('03:00 every day (Asia/Tokyo)');
  });
});
