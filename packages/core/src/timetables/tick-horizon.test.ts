import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';
import { AuthoredTimetable, type CustomTimetable } from './custom-timetable.ts';
import { EventsTimetable } from './events-timetable.ts';
import { coversRange, HorizonTimetable } from './horizon-timetable.ts';
import { type PackedHorizon, packHorizon, unpackHorizon } from './packed-horizon.ts';
import { computeHorizon, type HorizonWish } from './tick-horizon.ts';
import type { RunInfo, TimeRestriction, Timetable } from './timetable.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-10T12:00:00Z');
const ahead: HorizonWish = { now: NOW, since: null, range: null };
const definition = { name: 'Custom', description: 'custom', periodic: true };

/** A built-in timetable as an author would wrap it, and what the scheduler makes of its horizon. */
function handedOver(timetable: CustomTimetable, wish: HorizonWish = ahead): HorizonTimetable {
  const known = packHorizon(computeHorizon(new AuthoredTimetable(timetable), wish));
  // As it travels: through JSON.
  return new HorizonTimetable(definition, unpackHorizon(JSON.parse(JSON.stringify(known)) as PackedHorizon));
}

const days = (runs: Iterable<RunInfo>) =>
  [...runs].map(({ logicalDate }) => logicalDate.toISOString().slice(0, 10));

describe('a horizon', () => {
  it('knows the run before now with its interval, a thousand ahead, and where it ends', () => {
    const { horizon } = handedOver(new CronTriggerTimetable('0 0 * * *'), {
      ...ahead,
      range: { from: NOW - 3 * DAY, until: NOW },
    });
    expect(new Date(horizon.runs[0]!.logicalDate) <= new Date(NOW - 3 * DAY)).toBe(true);
    const future = horizon.runs.filter(({ logicalDate }) => logicalDate.getTime() > NOW);
    // 400 days, and the one that lies behind them.
    expect(future).toHaveLength(401);
    expect(horizon.until).toBe(future.at(-1)!.logicalDate.getTime());
  });

  it('ends after a thousand runs of a dense timetable', () => {
    const { horizon } = handedOver(new CronTriggerTimetable('* * * * *'));
    expect(horizon.until).toBe(NOW + 1_000 * 60_000);
  });

  it('of a timetable that has ended says so: nothing is behind the last run', () => {
    const last = new Date('2026-03-20T00:00Z');
    const timetable = handedOver(new EventsTimetable([new Date('2026-03-01T00:00Z'), last]));
    expect(timetable.horizon.until).toBeNull();
    expect(timetable.nextRun(last, { earliest: null, latest: null, catchup: true, now: last })).toBeNull();
    expect(days(timetable.runsBetween(new Date('2026-03-02T00:00Z'), new Date('2030-01-01T00:00Z')))).toEqual(
      ['2026-03-20'],
    );
  });

  it('of a yearly timetable knows the last one, although it lies months back', () => {
    const timetable = handedOver(new CronTriggerTimetable('0 0 1 1 *'));
    expect(timetable.manualInterval(new Date(NOW))).toEqual({
      start: new Date('2025-01-01T00:00Z'),
      end: new Date('2026-01-01T00:00Z'),
    });
  });

  it('leaves a range out that would need more runs than there may be, and never the present', () => {
    const minutely = new CronTriggerTimetable('* * * * *');
    const range = { from: NOW - 30 * DAY, until: NOW };
    const timetable = handedOver(minutely, { ...ahead, range });
    expect(coversRange(timetable, range.from, range.until)).toBe(false);
    expect(coversRange(timetable, NOW - 60_000, NOW)).toBe(true);
    expect(() => [...timetable.runsBetween(new Date(range.from), new Date(NOW))]).toThrow(
      /are known from 2026/,
    );
  });

  it('that is not there yet plans nothing, and refuses ranges', () => {
    const unknown = new HorizonTimetable(definition, null);
    const now = new Date(NOW);
    expect(unknown.nextRun(null, { earliest: null, latest: null, catchup: false, now })).toBeNull();
    expect(unknown.nextRun(now, { earliest: now, latest: null, catchup: true, now })).toBeNull();
    expect(() => [...unknown.runsBetween(now, now)]).toThrow('known for no time yet');
  });

  it('that begins after the mark loses no run of a DAG that catches up: it waits for a longer one', () => {
    const timetable = handedOver(new CronTriggerTimetable('0 0 * * *'));
    const mark = new Date(NOW - 30 * DAY);
    const restriction = { earliest: null, latest: null, now: new Date(NOW) };
    expect(timetable.nextRun(mark, { ...restriction, catchup: true })).toBeNull();
    expect(timetable.nextRun(mark, { ...restriction, catchup: false })?.logicalDate).toEqual(
      new Date('2026-03-10T00:00Z'),
    );
  });
});

describe('ticking from a horizon is ticking from the timetable itself', () => {
  const originals: readonly (readonly [string, Timetable])[] = [
    ['a cron', new CronTriggerTimetable('30 2 * * mon-fri', { timezone: 'Europe/Berlin' })],
    ['data intervals', new CronDataIntervalTimetable('0 */6 * * *', { timezone: 'Asia/Tokyo' })],
    ['written dates', new EventsTimetable([1, 5, 9, 60].map((days) => new Date(NOW + (days - 7) * DAY)))],
  ];
  it.each(originals)(
    '%s: the same runs, whatever was done before and whenever it is asked',
    (_name, original) => {
      const range = { from: NOW - 60 * DAY, until: NOW + 60 * DAY };
      const copy = handedOver(original, { ...ahead, range });
      const instant = fc.integer({ min: -59 * DAY, max: 59 * DAY }).map((offset) => new Date(NOW + offset));
      fc.assert(
        fc.property(
          fc.option(instant),
          fc.option(instant),
          fc.option(instant),
          fc.boolean(),
          instant,
          (last, earliest, latest, catchup, now) => {
            const restriction: TimeRestriction = { earliest, latest, catchup, now };
            expect(copy.nextRun(last, restriction)).toEqual(original.nextRun(last, restriction));
            expect(copy.manualInterval(now)).toEqual(original.manualInterval(now));
            const [from, to] = [last ?? now, now].sort(Number) as [Date, Date];
            expect([...copy.runsBetween(from, to)]).toEqual([...original.runsBetween(from, to)]);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});

describe('answers that no timetable may give', () => {
  const midnight = new Date(NOW - (NOW % DAY));
  const run = (logicalDate: Date, start = logicalDate, end = logicalDate) => ({
    runAfter: logicalDate,
    logicalDate,
    dataInterval: { start, end },
  });
  it.each<[why: string, nextRun: CustomTimetable['nextRun'], message: RegExp]>([
    [
      'the same again',
      (last, { earliest }) => last ?? earliest,
      /nextRun\((2026.*)\) answered \1, which is not later/,
    ],
    [
      'one before',
      (last, { earliest }) => run(new Date(+(last ?? earliest!) - 1 * (last === null ? 0 : 1))),
      /not later: a timetable goes forward/,
    ],
    [
      'before the earliest',
      () => new Date(0),
      /answered 1970-01-01T00:00:00.000Z, although restriction.earliest/,
    ],
    ['no date', () => new Date('never'), /answered \{"runAfter":null.*Expected a Date/],
    ['something else', () => 'tomorrow' as never, /answered "tomorrow"\. Expected a Date/],
    ['undefined', () => undefined as never, /answered undefined\. Expected a Date/],
    ['a promise', (async () => null) as never, /a promise \(it may not be async\)/],
    [
      'an interval inside out',
      (last, { earliest }) => run(new Date(+(last ?? earliest!) + DAY), new Date(NOW), midnight),
      /ends before it starts/,
    ],
  ])('%s', (_why, nextRun, message) => {
    const timetable = new AuthoredTimetable({ nextRun, describe: () => 'wrong' });
    expect(() => computeHorizon(timetable, ahead)).toThrow(message);
  });
});

it('dates that the author changes are his own', () => {
  const timetable = new AuthoredTimetable({
    nextRun(last, { earliest }) {
      const at = last ?? earliest!;
      at.setUTCHours(at.getUTCHours() + 24);
      return at;
    },
    describe: () => 'rude',
  });
  const { runs } = computeHorizon(timetable, ahead);
  const distances = runs.slice(1).map(({ logicalDate }, i) => +logicalDate - +runs[i]!.logicalDate);
  expect(new Set(distances)).toEqual(new Set([DAY]));
});
