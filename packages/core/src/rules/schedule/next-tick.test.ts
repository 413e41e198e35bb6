import { describe, expect, it } from 'vitest';
import { CronDataIntervalTimetable, CronTriggerTimetable, DeltaTimetable } from '../../timetables/index.ts';
import { isTooLate, markFromNow, nextTick, type Schedule, tickDelayMs, upcomingTicks } from './next-tick.ts';

const daily = new CronTriggerTimetable('0 3 * * *');
const plain: Schedule = { dagId: 'etl', startDate: '2026-01-01T00:00:00Z', endDate: null, catchup: true };
const at = (text: string): number => Date.parse(text);
const NOW = at('2026-01-10T12:00:00Z');

describe('the next tick', () => {
  it.each<
    [string, Partial<Schedule>, mark: string | null, skipUntil: string | null, expected: string | null]
  >([
    ['the first one', {}, null, null, '2026-01-01T03:00:00Z'],
    ['behind the mark', {}, '2026-01-04T03:00:00Z', null, '2026-01-05T03:00:00Z'],
    [
      'the newest missed one without catchup',
      { catchup: false },
      '2026-01-04T03:00:00Z',
      null,
      '2026-01-10T03:00:00Z',
    ],
    [
      'not before what is skipped',
      {},
      '2026-01-04T03:00:00Z',
      '2026-01-07T00:00:00Z',
      '2026-01-07T03:00:00Z',
    ],
    ['that instant included', {}, '2026-01-04T03:00:00Z', '2026-01-07T03:00:00Z', '2026-01-07T03:00:00Z'],
    [
      'a skip that is over changes nothing',
      {},
      '2026-01-08T03:00:00Z',
      '2026-01-07T03:00:00Z',
      '2026-01-09T03:00:00Z',
    ],
    [
      'a skip does not reach before the start',
      { startDate: '2026-01-09T00:00:00Z' },
      null,
      '2026-01-02T00:00:00Z',
      '2026-01-09T03:00:00Z',
    ],
    [
      'a skip into the future holds without catchup',
      { catchup: false },
      '2026-01-10T03:00:00Z',
      '2026-01-20T00:00:00Z',
      '2026-01-20T03:00:00Z',
    ],
    [
      'nothing when the skip passes the end',
      { endDate: '2026-01-15T00:00:00Z' },
      null,
      '2026-01-16T00:00:00Z',
      null,
    ],
  ])('%s', (_name, changes, mark, skipUntil, expected) => {
    const progress = {
      mark: mark === null ? null : at(mark),
      skipUntil: skipUntil === null ? null : at(skipUntil),
    };
    const info = nextTick(daily, { ...plain, ...changes }, progress, NOW);
    expect(info?.logicalDate.toISOString().replace('.000Z', 'Z') ?? null).toBe(expected);
  });
});

describe('a schedule that begins now', () => {
  // biome-ignore format: a table
  it.each([
    // schedule                                    seen at                    its first run is due at    and about
    [daily,                                        '2026-01-10T02:00:00Z',   '2026-01-10T03:00:00Z',    '2026-01-10T03:00:00Z'],
    [daily,                                        '2026-01-10T03:00:00Z',   '2026-01-11T03:00:00Z',    '2026-01-11T03:00:00Z'],
    [new CronDataIntervalTimetable('0 3 * * *'),   '2026-01-10T02:00:00Z',   '2026-01-10T03:00:00Z',    '2026-01-09T03:00:00Z'],
    [new CronDataIntervalTimetable('0 3 * * *'),   '2026-01-10T03:00:00Z',   '2026-01-11T03:00:00Z',    '2026-01-10T03:00:00Z'],
    [new CronDataIntervalTimetable('0 3 * * *'),   '2026-01-10T12:00:00Z',   '2026-01-11T03:00:00Z',    '2026-01-10T03:00:00Z'],
    [new DeltaTimetable('1d'),                     '2026-01-10T12:00:00Z',   '2026-01-11T00:00:00Z',    '2026-01-11T00:00:00Z'],
  ])('%o, seen at %s', (timetable, seen, due, about) => {
    for (const catchup of [true, false]) {
      const progress = { mark: markFromNow(timetable, at(seen)), skipUntil: null };
      const info = nextTick(timetable, { ...plain, startDate: null, catchup }, progress, at(seen));
      expect([info!.runAfter, info!.logicalDate]).toEqual([new Date(due), new Date(about)]);
    }
  });
});

describe('jitter', () => {
  const jittered: Schedule = { ...plain, jitterMs: 3_600_000 };
  const delay = tickDelayMs(jittered);

  it('is a share of the jitter by the id of the DAG, the same each time and for every tick', () => {
    expect(delay).toBe(tickDelayMs({ dagId: 'etl', jitterMs: 3_600_000 }));
    expect(delay).toBeGreaterThan(0);
    expect(delay).toBeLessThan(3_600_000);
    const ticks = upcomingTicks(daily, jittered, { mark: null, skipUntil: null }, NOW);
    for (const day of ['01', '02', '03']) {
      const { logicalDate, runAfter, dataInterval } = ticks.next().value!;
      expect(logicalDate).toEqual(new Date(`2026-01-${day}T03:00:00Z`));
      expect(dataInterval.end).toEqual(logicalDate);
      expect(runAfter.getTime() - logicalDate.getTime()).toBe(delay);
    }
  });

  it('spreads DAGs over the whole stretch', () => {
    const delays = Array.from({ length: 1_000 }, (_, i) =>
      tickDelayMs({ dagId: `etl_${i}`, jitterMs: 1_000 }),
    );
    for (let tenth = 0; tenth < 10; tenth++) {
      const inTenth = delays.filter((ms) => Math.floor(ms / 100) === tenth).length;
      expect(inTenth).toBeGreaterThan(60);
      expect(inTenth).toBeLessThan(150);
    }
  });

  it('a tick whose delay has not passed has not been missed', () => {
    const tick = at('2026-01-10T03:00:00Z');
    const next = (now: number) =>
      nextTick(
        daily,
        { ...jittered, catchup: false },
        { mark: at('2026-01-04T03:00:00Z'), skipUntil: null },
        now,
      )!.logicalDate;
    expect(next(tick + delay - 1)).toEqual(new Date('2026-01-09T03:00:00Z'));
    expect(next(tick + delay)).toEqual(new Date(tick));
  });
});

describe('a tick that is too late', () => {
  const info = nextTick(daily, plain, { mark: at('2026-01-09T03:00:00Z'), skipUntil: null }, NOW)!;
  it.each([
    ['at the limit', 9 * 3_600_000, false],
    ['behind it', 9 * 3_600_000 - 1, true],
    ['no limit', undefined, false],
  ])('%s', (_name, skipDelayedByMs, expected) => {
    expect(isTooLate(skipDelayedByMs === undefined ? {} : { skipDelayedByMs }, info, NOW)).toBe(expected);
  });
});
