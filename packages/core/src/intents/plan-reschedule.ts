import { ConflictError, InvalidInputError } from '../errors.ts';
import { type Schedule, type ScheduleProgress, upcomingTicks } from '../rules/index.ts';
import type { RunInfo, Timetable } from '../timetables/index.ts';
import type { ReschedulePayload } from './intent.ts';

/** Most ticks that are passed over at once: more is a mistake in the number or the date. */
const MAX_SKIPPED = 10_000;

/** What a reschedule would do: the preview, and what the effect is made of. */
export interface ReschedulePlan {
  /** Runs that will not be made. */
  readonly skipped: readonly RunInfo[];
  /** The run that is made now, ahead of its time; null: none is. */
  readonly now: RunInfo | null;
  /** The first run that the schedule makes by itself; null: there is none any more. */
  readonly next: RunInfo | null;
  /** No run before this instant. */
  readonly skipUntil: number;
  /** The mark to go on from. It moves for a schedule that has nothing but its mark to know a run by, such as `@once`. */
  readonly mark: number | null;
}

/**
 * Passes over the next runs of a schedule, or makes the next one now. Throws {@link InvalidInputError} unless exactly one of the three
 * ways is asked for, {@link ConflictError} when the schedule has no run that could be meant.
 */
export function planReschedule(
  timetable: Timetable,
  schedule: Schedule,
  progress: ScheduleProgress,
  payload: ReschedulePayload,
  now: number,
): ReschedulePlan {
  const { skip, skipTo, runNow } = payload;
  const ways = [skip !== undefined, skipTo !== undefined, runNow === true].filter(Boolean).length;
  if (ways !== 1) throw new InvalidInputError('Give exactly one of skip, skipTo and runNow.');
  if (skipTo !== undefined) return skipToInstant(timetable, schedule, progress, instantOf(skipTo), now);
  if (skip !== undefined && (!Number.isInteger(skip) || skip < 1 || skip > MAX_SKIPPED)) {
    throw new InvalidInputError(`skip: expected a whole number from 1 to ${MAX_SKIPPED}, got ${skip}.`);
  }
  const passed = take(upcomingTicks(timetable, schedule, progress, now), skip ?? 1);
  const last = passed.at(-1);
  if (last === undefined) {
    throw new ConflictError(
      `The schedule of ${schedule.dagId} has no run any more (${timetable.describe()}).`,
    );
  }
  // Behind the last one, by the smallest step there is: a schedule begins with the first run that is not before `skipUntil`.
  const skipUntil = last.logicalDate.getTime() + 1;
  const mark = timetable.periodic ? progress.mark : last.logicalDate.getTime();
  return {
    skipped: runNow === true ? [] : passed,
    now: runNow === true ? last : null,
    next: first(upcomingTicks(timetable, schedule, { mark, skipUntil }, now)),
    skipUntil,
    mark,
  };
}

function skipToInstant(
  timetable: Timetable,
  schedule: Schedule,
  progress: ScheduleProgress,
  skipUntil: number,
  now: number,
): ReschedulePlan {
  // An instant before the one that was given last takes that back.
  const free = { ...progress, skipUntil: null };
  const skipped: RunInfo[] = [];
  for (const run of upcomingTicks(timetable, schedule, free, now)) {
    if (run.logicalDate.getTime() >= skipUntil) break;
    skipped.push(run);
    if (skipped.length > MAX_SKIPPED) {
      throw new InvalidInputError(`skipTo passes over more than ${MAX_SKIPPED} runs: pause the DAG instead.`);
    }
  }
  const next = first(upcomingTicks(timetable, schedule, { ...progress, skipUntil }, now));
  return { skipped, now: null, next, skipUntil, mark: progress.mark };
}

function instantOf(text: string): number {
  const instant = Date.parse(text);
  if (!Number.isNaN(instant)) return instant;
  throw new InvalidInputError(`skipTo: expected an ISO 8601 instant, got "${text}".`);
}

function take(runs: Generator<RunInfo>, count: number): RunInfo[] {
  const taken: RunInfo[] = [];
  for (const run of runs) {
    taken.push(run);
    if (taken.length === count) break;
  }
  return taken;
}

const first = (runs: Generator<RunInfo>): RunInfo | null => take(runs, 1)[0] ?? null;
