import type { Duration } from '../duration.ts';
import { ContinuousTimetable } from './continuous-timetable.ts';
import { CronTriggerTimetable } from './cron-trigger-timetable.ts';
import { DeltaTimetable } from './delta-timetable.ts';
import { MonthsTimetable } from './months-timetable.ts';
import { MultiCronTimetable } from './multi-cron-timetable.ts';
import { NullTimetable } from './null-timetable.ts';
import { OnceTimetable } from './once-timetable.ts';
import { InvalidScheduleError } from './schedule-error.ts';
import type { Timetable } from './timetable.ts';

/**
 * A schedule as authors write it: a cron expression or preset, `@once`, `@continuous`, several crons, a duration, a number of
 * months, a timetable of their own, or null for none.
 */
export type Schedule =
  | string
  | readonly string[]
  | { readonly every: Duration }
  | { readonly everyMonths: number }
  | Timetable
  | null;

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
  if (isList(schedule)) {
    return schedule.length === 1
      ? fromText(schedule[0]!, options)
      : new MultiCronTimetable(schedule, options);
  }
  if (typeof schedule === 'object') {
    if ('nextRun' in schedule) return schedule;
    if ('every' in schedule) return new DeltaTimetable(schedule.every, options);
    if ('everyMonths' in schedule) return new MonthsTimetable(schedule.everyMonths, options);
  }
  throw new InvalidScheduleError(
    JSON.stringify(schedule) ?? String(schedule),
    'expected a cron expression, a preset such as "@daily", a list of crons, { every: "10m" }, { everyMonths: 1 }, a timetable, or null.',
  );
}

function fromText(schedule: string, options: ScheduleOptions): Timetable {
  const word = schedule.trim().toLowerCase();
  if (word === '@once') return new OnceTimetable();
  if (word === '@continuous') return new ContinuousTimetable();
  return new CronTriggerTimetable(schedule, options);
}

/** `Array.isArray` does not narrow readonly lists. */
function isList(schedule: Schedule): schedule is readonly string[] {
  return Array.isArray(schedule);
}
