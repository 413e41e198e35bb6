import { canonicalJson } from '../../json.ts';
import type { SerializedDag } from '../../serialization/index.ts';
import type { RunInfo, Timetable } from '../../timetables/index.ts';
import { unitHash } from './unit-hash.ts';

/** A mark that lies further ahead of now than this comes out of an impossible future: a clock that was wrong. */
export const MAX_MARK_AHEAD_MS = 3_600_000;

/** What a DAG says about its schedule besides the timetable. */
export type Schedule = Pick<SerializedDag, 'dagId' | 'startDate' | 'endDate' | 'catchup' | 'jitterMs'>;

/** How far a schedule has come. */
export interface ScheduleProgress {
  /** Newest slot that was created or passed over; null: none. */
  readonly mark: number | null;
  /** A person wants no run before it; null: nobody said so. */
  readonly skipUntil: number | null;
}

/**
 * The next run of a DAG's schedule after its high-water mark; null when there is none any more.
 * A DAG without a start date begins at its mark, which its first holder set to the moment it was first seen.
 */
export function nextTick(
  timetable: Timetable,
  schedule: Schedule,
  { mark, skipUntil }: ScheduleProgress,
  now: number,
): RunInfo | null {
  const delay = tickDelayMs(schedule);
  const info = timetable.nextRun(mark === null ? null : new Date(mark), {
    earliest: latestOf(schedule.startDate === null ? null : Date.parse(schedule.startDate), skipUntil),
    latest: schedule.endDate === null ? null : new Date(schedule.endDate),
    catchup: schedule.catchup,
    // A tick is due once its delay has passed.
    now: new Date(now - delay),
  });
  return info === null ? null : delayed(info, delay);
}

/** The runs that the schedule will make from now on, in order, nothing delayed or passed over. Lazy, and perhaps without end. */
export function* upcomingTicks(
  timetable: Timetable,
  schedule: Schedule,
  progress: ScheduleProgress,
  now: number,
): Generator<RunInfo> {
  let next = nextTick(timetable, schedule, progress, now);
  while (next !== null) {
    yield next;
    // Behind the first one every tick counts: it lies in the future, or the DAG catches up.
    next = nextTick(
      timetable,
      { ...schedule, catchup: true },
      { ...progress, mark: next.logicalDate.getTime() },
      now,
    );
  }
}

/** How long after its tick a run of this DAG becomes due: a share of the jitter by a hash of the DAG's id, the same for every tick. */
export function tickDelayMs({ dagId, jitterMs = 0 }: Pick<Schedule, 'dagId' | 'jitterMs'>): number {
  return jitterMs === 0 ? 0 : Math.floor(jitterMs * unitHash(dagId));
}

/** Whether a tick that has come is too late by now for a DAG that skips what is delayed. */
export function isTooLate(
  { skipDelayedByMs }: Pick<SerializedDag, 'skipDelayedByMs'>,
  info: RunInfo,
  now: number,
): boolean {
  return skipDelayedByMs !== undefined && now - info.runAfter.getTime() > skipDelayedByMs;
}

/** The mark to go on from: one that lies more than an hour ahead of now falls back to now (the caller raises the alarm). */
export function repairedMark(mark: number | null, now: number): number | null {
  return mark !== null && mark > now + MAX_MARK_AHEAD_MS ? now : mark;
}

/**
 * Whether a new version of a DAG has another schedule. Of custom timetables, whose code says nothing, those runs are compared that both
 * versions know.
 */
export function scheduleChanged(before: Timetable, after: Timetable): boolean {
  if (canonicalJson(before.toJson()) !== canonicalJson(after.toJson())) return true;
  if (before.horizon === undefined || after.horizon === undefined) return false;
  const from = Math.max(before.horizon.from, after.horizon.from);
  const until = Math.min(
    before.horizon.until ?? Number.POSITIVE_INFINITY,
    after.horizon.until ?? Number.POSITIVE_INFINITY,
  );
  const [old, now] = [before.horizon, after.horizon].map(({ runs }) =>
    runs
      .map(({ logicalDate }) => logicalDate.getTime())
      .filter((slot) => slot >= from && slot <= until)
      .join(),
  );
  return old !== now;
}

/**
 * The mark of a schedule that begins now: what is due by now is behind it. A run that is named after the beginning of its interval has a slot
 * that is over before it is due, so the mark lies before that one.
 */
export function markFromNow(timetable: Timetable, now: number): number {
  const bounds = { earliest: null, latest: null, catchup: true, now: new Date(now) };
  const next = timetable.nextRun(null, bounds);
  return next === null || next.runAfter.getTime() <= now
    ? now
    : Math.min(now, next.logicalDate.getTime() - 1);
}

/** The mark after the schedule itself changed: what the old one left out is not made up for, unless the DAG catches up. */
export function markAfterScheduleChange(
  mark: number | null,
  timetable: Timetable,
  catchup: boolean,
  now: number,
): number | null {
  if (mark === null || catchup) return mark;
  return Math.max(mark, markFromNow(timetable, now));
}

function delayed(info: RunInfo, delayMs: number): RunInfo {
  return delayMs === 0 ? info : { ...info, runAfter: new Date(info.runAfter.getTime() + delayMs) };
}

function latestOf(a: number | null, b: number | null): Date | null {
  if (a === null && b === null) return null;
  return new Date(Math.max(a ?? Number.NEGATIVE_INFINITY, b ?? Number.NEGATIVE_INFINITY));
}
