import { describe, expect, it } from 'vitest';
import { Cron } from './cron.ts';
import { CronTicks } from './cron-ticks.ts';
import { Zone } from './zone-readings.ts';

/**
 * The evaluator against an oracle that shares nothing with it: it walks the minutes of whole years, asks Intl what the wall clock
 * shows, and applies the three DST rules as they are written. The matchers below are written by hand, not parsed.
 */

interface Wall {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
  lastDay: number;
}

const CRONS: readonly (readonly [expression: string, matches: (wall: Wall) => boolean])[] = [
  ['0 0 * * *', (w) => w.hour === 0 && w.minute === 0],
  ['30 2 * * *', (w) => w.hour === 2 && w.minute === 30],
  ['30 2,3 * * *', (w) => (w.hour === 2 || w.hour === 3) && w.minute === 30],
  ['*/15 0-3 * * *', (w) => w.hour <= 3 && w.minute % 15 === 0],
  ['17,59 0,1,23 * * *', (w) => [0, 1, 23].includes(w.hour) && [17, 59].includes(w.minute)],
  ['0 * * * *', (w) => w.minute === 0],
  ['*/20 */2 * * *', (w) => w.hour % 2 === 0 && w.minute % 20 === 0],
  ['30 */3 * * sun', (w) => w.hour % 3 === 0 && w.minute === 30 && w.weekday === 0],
  ['0 3 L * *', (w) => w.hour === 3 && w.minute === 0 && w.day === w.lastDay],
  ['0 1 * * 0L', (w) => w.hour === 1 && w.minute === 0 && w.weekday === 0 && w.day > w.lastDay - 7],
  ['30 1 * * sun#2', (w) => w.hour === 1 && w.minute === 30 && w.weekday === 0 && Math.ceil(w.day / 7) === 2],
  ['0 6 13 * fri', (w) => w.hour === 6 && w.minute === 0 && (w.day === 13 || w.weekday === 5)],
  ['0 0 30,31 dec *', (w) => w.hour === 0 && w.minute === 0 && w.month === 12 && w.day >= 30],
  ['30 23 * mar-apr,oct *', (w) => w.hour === 23 && w.minute === 30 && [3, 4, 10].includes(w.month)],
];

const ZONES: readonly (readonly [zone: string, years: readonly number[]])[] = [
  ['UTC', [2024]],
  ['Asia/Tokyo', [2024]],
  ['Europe/Berlin', [2024, 2025]],
  ['America/New_York', [2024, 2025]],
  ['Australia/Lord_Howe', [2024, 2025]], // half an hour
  ['America/Santiago', [2024, 2025]], // gap at midnight
  ['Africa/Cairo', [2023, 2024]], // gap at midnight, from 2023 again
  ['Asia/Beirut', [2024]], // gap and repetition at midnight
  ['Atlantic/Azores', [2024]], // gap at midnight
  ['Pacific/Apia', [2011]], // no 30 December
  ['Africa/Casablanca', [2023, 2024]], // back and forth around Ramadan
  ['Antarctica/Troll', [2024]], // two hours
  ['America/Caracas', [2007]], // half an hour back, for good
  ['Asia/Pyongyang', [2015]],
];

const HOUR = 60;
const DAY = 24 * HOUR;
const MINUTE_MS = 60_000;

describe.each(ZONES)('%s', (zone, years) => {
  it.each(years)('every tick of %i, forwards and backwards', (year) => {
    const from = Date.UTC(year, 0, 1) / MINUTE_MS;
    const to = Date.UTC(year + 1, 0, 1) / MINUTE_MS;
    const clock = clockOf(zone, from - 2 * DAY, to + 2 * DAY);
    const expectedTicks = oracle(clock);
    CRONS.forEach(([expression], index) => {
      const expected = expectedTicks[index]!.filter((tick) => tick >= from && tick < to);
      const ticks = new CronTicks(new Cron(expression), Zone.named(zone));
      expect(firstDifference(walkForwards(ticks, from, to), expected), `${expression} after`).toBeNull();
      expect(firstDifference(walkBackwards(ticks, from, to), expected), `${expression} before`).toBeNull();
    });
  });
});

/** The minutes of UTC from `start`, and what the wall clock shows (minutes since 1970) at each. */
interface Clock {
  readonly start: number;
  readonly walls: Int32Array;
  /** The minute at which each time on the wall clock is shown for the last time. */
  readonly lastMinuteOf: ReadonlyMap<number, number>;
  /** What the wall clock leaves out, as `[time, the minute at which it would have come had the clock gone on]`. */
  readonly leftOut: readonly (readonly [wall: number, minute: number])[];
}

/** Asks Intl once an hour, and minute by minute where the hour was not an hour. */
function clockOf(zone: string, start: number, end: number): Clock {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const wallAt = (minute: number): number => {
    const [day, month, year, h, m] = format
      .format(minute * MINUTE_MS)
      .match(/\d+/g)!
      .map(Number);
    return Date.UTC(year!, month! - 1, day, h, m) / MINUTE_MS;
  };
  const walls = new Int32Array(end - start);
  for (let hour = start; hour < end; hour += HOUR) {
    const wall = wallAt(hour);
    const isPlain = wallAt(hour + HOUR) - wall === HOUR;
    for (let m = 0; m < HOUR; m++) walls[hour - start + m] = isPlain ? wall + m : wallAt(hour + m);
  }
  const lastMinuteOf = new Map<number, number>();
  const leftOut: [number, number][] = [];
  for (let index = 0; index < walls.length; index++) {
    lastMinuteOf.set(walls[index]!, start + index);
    const before = index === 0 ? walls[0]! - 1 : walls[index - 1]!;
    for (let wall = before + 1; wall < walls[index]!; wall++)
      leftOut.push([wall, start + index + wall - before - 1]);
  }
  return { start, walls, lastMinuteOf, leftOut };
}

/** The ticks (minutes of UTC) of each cron over the whole clock, by the DST rules of the semantics as they are written. */
function oracle({ start, walls, lastMinuteOf, leftOut }: Clock): number[][] {
  const ticks = CRONS.map(() => new Set<number>());
  const steps = CRONS.map(([expression]) => expression.split(' ', 2)[1]!.startsWith('*'));
  const add = (wall: number, minute: number, isElapsed: boolean) => {
    const shown = parts(wall);
    CRONS.forEach(([, matches], index) => {
      if (steps[index] === isElapsed && matches(shown)) ticks[index]!.add(minute);
    });
  };
  for (let index = 0; index < walls.length; index++) add(walls[index]!, start + index, true);
  for (const [wall, minute] of lastMinuteOf) add(wall, minute, false);
  for (const [wall, minute] of leftOut) add(wall, minute, false);
  return ticks.map((minutes) => [...minutes].sort((a, b) => a - b));
}

const days = new Map<number, Omit<Wall, 'minute' | 'hour'>>();

function parts(wall: number): Wall {
  const day = Math.floor(wall / DAY);
  let date = days.get(day);
  if (date === undefined) {
    const at = new Date(day * DAY * MINUTE_MS);
    date = {
      day: at.getUTCDate(),
      month: at.getUTCMonth() + 1,
      weekday: at.getUTCDay(),
      lastDay: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate(),
    };
    days.set(day, date);
  }
  const time = wall - day * DAY;
  const { day: dayOfMonth, month, weekday, lastDay } = date;
  return { minute: time % HOUR, hour: Math.floor(time / HOUR), day: dayOfMonth, month, weekday, lastDay };
}

function walkForwards(ticks: CronTicks, from: number, to: number): number[] {
  const found: number[] = [];
  let tick = ticks.after(from * MINUTE_MS - 1);
  while (tick !== null && tick < to * MINUTE_MS) {
    found.push(tick / MINUTE_MS);
    tick = ticks.after(tick);
  }
  return found;
}

function walkBackwards(ticks: CronTicks, from: number, to: number): number[] {
  const found: number[] = [];
  let tick = ticks.before(to * MINUTE_MS);
  while (tick !== null && tick >= from * MINUTE_MS) {
    found.push(tick / MINUTE_MS);
    tick = ticks.before(tick);
  }
  return found.reverse();
}

/** Where two lists part, in words; comparing tens of thousands of numbers with `toEqual` takes seconds. */
function firstDifference(found: readonly number[], expected: readonly number[]): string | null {
  const index = found.findIndex((tick, i) => tick !== expected[i]);
  if (index === -1 && found.length === expected.length) return null;
  const at = index === -1 ? found.length : index;
  const show = (tick: number | undefined) =>
    tick === undefined ? 'none' : new Date(tick * MINUTE_MS).toISOString();
  return `tick ${at}: found ${show(found[at])}, expected ${show(expected[at])}`;
}
