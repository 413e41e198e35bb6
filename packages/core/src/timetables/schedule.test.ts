import { expect, it } from 'vitest';
import { Asset } from '../assets/index.ts';
import { canonicalJson } from '../json.ts';
import { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';
import { EventsTimetable } from './events-timetable.ts';
import { MonthsTimetable } from './months-timetable.ts';
import { MultiCronTimetable } from './multi-cron-timetable.ts';
import { type Schedule, timetableFromSchedule } from './schedule.ts';
import type { Timetable } from './timetable.ts';
import { timetableFromJson } from './timetable-json.ts';

const startDate = new Date('2026-01-31T00:00Z');
const options = { timezone: 'Asia/Tokyo', startDate };

it.each<[Schedule, string]>([
  [null, 'none'],
  ['0 3 * * *', 'cron'],
  ['@daily', 'cron'],
  ['@once', 'once'],
  ['@continuous', 'continuous'],
  [['0 3 * * *'], 'cron'],
  [['0 3 * * *', '0 15 * * sat'], 'multi_cron'],
  [{ every: '10m' }, 'delta'],
  [{ everyMonths: 3 }, 'months'],
  [new CronDataIntervalTimetable('@hourly', { timezone: 'Europe/Berlin' }), 'cron_data_interval'],
  [new EventsTimetable([startDate]), 'events'],
])('%j means a timetable of type %s, which survives serialization', (schedule, type) => {
  const timetable = timetableFromSchedule(schedule, options);
  expect(timetable.type).toBe(type);
  const again = timetableFromJson(JSON.parse(canonicalJson(timetable.toJson())));
  expect(again.constructor).toBe(timetable.constructor);
  expect(again.toJson()).toEqual(timetable.toJson());
  expect(again.describe()).toBe(timetable.describe());
  const restriction = {
    earliest: startDate,
    latest: null,
    catchup: true,
    now: new Date('2026-07-01T00:00Z'),
  };
  expect(again.nextRun(null, restriction)).toEqual(timetable.nextRun(null, restriction));
});

// biome-ignore format: a table
it.each<[Schedule, string]>([
  [new CronTriggerTimetable('0 3 * * *'),                                     'Asia/Tokyo'],
  [new CronTriggerTimetable('0 3 * * *', { timezone: 'UTC' }),                'UTC'],
  [new CronTriggerTimetable('0 3 * * *', { timezone: 'Europe/Berlin' }),      'Europe/Berlin'],
  [new CronDataIntervalTimetable('0 3 * * *'),                                'Asia/Tokyo'],
  [new CronDataIntervalTimetable('0 3 * * *', { timezone: 'UTC' }),           'UTC'],
  [new MultiCronTimetable(['0 3 * * *', '0 5 * * *']),                        'Asia/Tokyo'],
  [new MultiCronTimetable(['0 3 * * *'], { timezone: 'UTC' }),                'UTC'],
  [new MonthsTimetable(1, { startDate }),                                     'Asia/Tokyo'],
  [new MonthsTimetable(1, { startDate, timezone: 'UTC' }),                    'UTC'],
])('%j is read in the zone of the DAG, unless it names its own: %s', (schedule, timezone) => {
  expect(timetableFromSchedule(schedule, options).toJson()).toMatchObject({ timezone });
  expect(timetableFromSchedule(schedule, {}).toJson()).toEqual((schedule as Timetable).toJson());
});

it('so is the one beside assets', () => {
  const schedule = { assets: new Asset('orders'), time: new CronTriggerTimetable('0 3 * * *') };
  expect(timetableFromSchedule(schedule, options).describe()).toMatch(/Asia\/Tokyo/);
});

it('what means nothing is refused in words', () => {
  expect(() => timetableFromSchedule({ evry: '10m' } as never)).toThrow('{ every: "10m" }');
  expect(() => timetableFromSchedule(5 as never)).toThrow('expected a cron expression');
  expect(() => timetableFromSchedule({ every: 'soon' })).toThrow('expected a duration');
  expect(() => timetableFromSchedule({ everyMonths: 1 })).toThrow('needs a startDate');
  expect(() => timetableFromSchedule('@daily', { timezone: 'Europe/Berln' })).toThrow('"Europe/Berlin"');
});

it('a type that nobody knows is refused with the one that was probably meant', () => {
  expect(() => timetableFromJson({ type: 'crn' })).toThrow('Did you mean "cron"?');
  expect(() => timetableFromJson({ type: 'cron', expression: 5 })).toThrow(
    'expected a string as "expression"',
  );
  expect(() => timetableFromJson({ type: 'toString' })).toThrow('no type "toString"');
});
