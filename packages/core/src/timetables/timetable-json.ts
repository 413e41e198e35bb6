import type { AssetCondition } from '../assets/index.ts';
import { didYouMean, InvalidInputError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { AssetTimetable } from './asset-timetable.ts';
import { ContinuousTimetable } from './continuous-timetable.ts';
import { CronDataIntervalTimetable } from './cron-data-interval-timetable.ts';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';
import { DeltaTimetable } from './delta-timetable.ts';
import { EventsTimetable } from './events-timetable.ts';
import { HorizonTimetable } from './horizon-timetable.ts';
import { MonthsTimetable } from './months-timetable.ts';
import { MultiCronTimetable } from './multi-cron-timetable.ts';
import { NullTimetable } from './null-timetable.ts';
import { OnceTimetable } from './once-timetable.ts';
import type { TickHorizon } from './tick-horizon.ts';
import type { Timetable } from './timetable.ts';

const READERS: Readonly<Record<string, (json: JsonObject, horizon: TickHorizon | null) => Timetable>> = {
  none: () => new NullTimetable(),
  once: () => new OnceTimetable(),
  continuous: () => new ContinuousTimetable(),
  cron: (json) => new CronTriggerTimetable(text(json, 'expression'), { timezone: text(json, 'timezone') }),
  cron_data_interval: (json) =>
    new CronDataIntervalTimetable(text(json, 'expression'), { timezone: text(json, 'timezone') }),
  multi_cron: (json) =>
    new MultiCronTimetable(texts(json, 'expressions'), { timezone: text(json, 'timezone') }),
  delta: (json) =>
    new DeltaTimetable(number(json, 'everyMs') / 1000, {
      startDate: json.startDate === null ? null : new Date(text(json, 'startDate')),
    }),
  months: (json) =>
    new MonthsTimetable(number(json, 'months'), {
      startDate: new Date(text(json, 'startDate')),
      timezone: text(json, 'timezone'),
    }),
  asset: (json, horizon) =>
    new AssetTimetable(
      condition(json.assets),
      json.time == null ? null : timetableFromJson(json.time as JsonObject, horizon),
    ),
  custom: (json, horizon) =>
    new HorizonTimetable(
      {
        name: text(json, 'name'),
        description: text(json, 'description'),
        periodic: json.periodic !== false,
      },
      horizon,
    ),
  events: (json) =>
    new EventsTimetable(
      texts(json, 'events').map((event) => new Date(event)),
      { description: json.description === null ? null : text(json, 'description') },
    ),
};

/**
 * The timetable of which `json` is the `toJson()`; `horizon` is what is known of the runs of a custom one (default: nothing). Throws
 * {@link InvalidInputError} for a type it does not know.
 */
export function timetableFromJson(json: JsonObject, horizon: TickHorizon | null = null): Timetable {
  const type = text(json, 'type');
  if (Object.hasOwn(READERS, type)) return READERS[type]!(json, horizon);
  const known = Object.keys(READERS);
  const meant = didYouMean(type, known);
  throw new InvalidInputError(
    `timetable: no type "${type}"; expected ${known.join(', ')}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
  );
}

/** Whether the runs of the timetable of which `json` is the `toJson()` are known only as far as somebody handed them over. */
export function needsHorizon(json: JsonObject): boolean {
  if (json.type === 'custom') return true;
  return json.type === 'asset' && json.time != null && needsHorizon(json.time as JsonObject);
}

function condition(json: Json | undefined): AssetCondition {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const { asset, any, all } = json as JsonObject;
    if (typeof asset === 'string') return { asset };
    if (Array.isArray(any)) return { any: any.map(condition) };
    if (Array.isArray(all)) return { all: all.map(condition) };
  }
  throw new InvalidInputError(
    `timetable: expected a condition over assets, got ${JSON.stringify(json)?.slice(0, 200)}.`,
  );
}

function text(json: JsonObject, member: string): string {
  const value = json[member];
  if (typeof value === 'string') return value;
  throw expected(json, member, 'a string');
}

function number(json: JsonObject, member: string): number {
  const value = json[member];
  if (typeof value === 'number') return value;
  throw expected(json, member, 'a number');
}

function texts(json: JsonObject, member: string): string[] {
  const value = json[member];
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  throw expected(json, member, 'a list of strings');
}

function expected(json: JsonObject, member: string, what: string): InvalidInputError {
  return new InvalidInputError(
    `timetable: expected ${what} as "${member}", got ${JSON.stringify(json[member])} in ${JSON.stringify(json).slice(0, 200)}.`,
  );
}
