import {
  type Asset,
  type AssetCondition,
  type AssetExpression,
  all,
  isAssetExpression,
} from '../assets/index.ts';
import type { Duration } from '../duration.ts';
import { AssetTimetable } from './asset-timetable.ts';
import { ContinuousTimetable } from './continuous-timetable.ts';
import { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';
import { AuthoredTimetable, type CustomTimetable } from './custom-timetable.ts';
import { DeltaTimetable } from './delta-timetable.ts';
import { EventsTimetable } from './events-timetable.ts';
import { MonthsTimetable } from './months-timetable.ts';
import { MultiCronTimetable } from './multi-cron-timetable.ts';
import { NullTimetable } from './null-timetable.ts';
import { OnceTimetable } from './once-timetable.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import type { Timetable } from './timetable.ts';

/**
 * A schedule as authors write it: a cron expression or preset, `@once`, `@continuous`, several crons, a duration, a number of
 * months, assets (an expression, or a list that stands for all of them; with `time` also at ticks), a timetable of their own, or null
 * for none.
 */
export type Schedule =
  | string
  | readonly string[]
  | { readonly every: Duration }
  | { readonly everyMonths: number }
  | AssetExpression
  | readonly AssetExpression[]
  | AssetsOrTime
  | Timetable
  | CustomTimetable
  | null;

/** Runs when the assets were updated, and at the ticks of `time`. */
export interface AssetsOrTime {
  readonly assets: AssetExpression | readonly AssetExpression[];
  readonly time:
    | string
    | readonly string[]
    | { readonly every: Duration }
    | { readonly everyMonths: number }
    | Timetable
    | CustomTimetable;
}

/** Those that the scheduler computes itself. A class of an author that extends one of them is his own. */
const BUILT_IN: ReadonlySet<unknown> = new Set([
  AssetTimetable,
  AuthoredTimetable,
  ContinuousTimetable,
  CronDataIntervalTimetable,
  CronTriggerTimetable,
  DeltaTimetable,
  EventsTimetable,
  MonthsTimetable,
  MultiCronTimetable,
  NullTimetable,
  OnceTimetable,
]);

/** What the DAG says besides its schedule. */
export interface ScheduleOptions {
  /** IANA name; default UTC. */
  readonly timezone?: string;
  /** Durations and months are counted from it. */
  readonly startDate?: Date | null;
}

/**
 * The timetable that `schedule` stands for. Throws {@link InvalidScheduleError} when it means nothing or can never come due,
 * `InvalidInputError` for a zone or a duration that does not exist.
 */
export function timetableFromSchedule(schedule: Schedule, options: ScheduleOptions = {}): Timetable {
  if (schedule === null) return new NullTimetable();
  if (typeof schedule === 'string') return fromText(schedule, options);
  if (isAssetExpression(schedule)) return new AssetTimetable(schedule.condition);
  if (isAssetList(schedule)) return new AssetTimetable(conditionOf(schedule));
  if (isList(schedule)) {
    return schedule.length === 1
      ? fromText(schedule[0]!, options)
      : new MultiCronTimetable(schedule, options);
  }
  if (typeof schedule === 'object') {
    if ('nextRun' in schedule) return isBuiltIn(schedule) ? inZoneOf(schedule, options) : authored(schedule);
    if ('assets' in schedule && 'time' in schedule) {
      return new AssetTimetable(conditionOf(schedule.assets), timetableFromSchedule(schedule.time, options));
    }
    if ('every' in schedule) return new DeltaTimetable(schedule.every, options);
    if ('everyMonths' in schedule) return new MonthsTimetable(schedule.everyMonths, options);
  }
  throw new InvalidScheduleError(
    JSON.stringify(schedule) ?? String(schedule),
    'expected a cron expression, a preset such as "@daily", a list of crons, { every: "10m" }, { everyMonths: 1 }, assets, { assets, time }, a timetable, or null.',
  );
}

function isBuiltIn(schedule: Timetable | CustomTimetable): schedule is Timetable {
  return BUILT_IN.has(schedule.constructor);
}

/** Built-in timetables are read as crons are: in the zone of the DAG, unless they name their own. */
function inZoneOf(timetable: Timetable, { timezone }: ScheduleOptions): Timetable {
  return (timezone === undefined ? undefined : timetable.inZone?.(timezone)) ?? timetable;
}

function authored(schedule: CustomTimetable): AuthoredTimetable {
  for (const method of ['nextRun', 'describe'] as const) {
    if (typeof schedule[method] === 'function') continue;
    throw new InvalidScheduleError(
      schedule.constructor.name,
      `a custom timetable has the methods nextRun(last, restriction) and describe(); ${method} is none.`,
    );
  }
  return new AuthoredTimetable(schedule);
}

function fromText(schedule: string, options: ScheduleOptions): Timetable {
  const word = schedule.trim().toLowerCase();
  if (word === '@once') return new OnceTimetable();
  if (word === '@continuous') return new ContinuousTimetable();
  return new CronTriggerTimetable(schedule, options);
}

/** The assets that `schedule` names, each once. */
export function scheduledAssets(schedule: Schedule): readonly Asset[] {
  if (schedule === null || typeof schedule !== 'object') return [];
  if (isAssetExpression(schedule)) return schedule.assets;
  if (isAssetList(schedule)) return all(...schedule).assets;
  return 'assets' in schedule && 'time' in schedule ? scheduledAssets(schedule.assets) : [];
}

/** One asset needs no "all of". */
function conditionOf(assets: AssetExpression | readonly AssetExpression[]): AssetCondition {
  const parts = isAssetExpression(assets) ? [assets] : assets;
  return parts.length === 1 ? parts[0]!.condition : all(...parts).condition;
}

function isAssetList(schedule: Schedule): schedule is readonly AssetExpression[] {
  return Array.isArray(schedule) && schedule.length > 0 && schedule.every(isAssetExpression);
}

/** `Array.isArray` does not narrow readonly lists. */
function isList(schedule: Schedule): schedule is readonly string[] {
  return Array.isArray(schedule);
}
