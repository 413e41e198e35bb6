import type { SerializedDag } from '../serialization/index.ts';
import type { RunInfo, Timetable } from '../timetables/index.ts';

/** A mark that lies further ahead of now than this comes out of an impossible future: a clock that was wrong. */
export const MAX_MARK_AHEAD_MS = 3_600_000;

type Schedule = Pick<SerializedDag, 'startDate' | 'endDate' | 'catchup'>;

/**
 * The next run of a DAG's schedule after its high-water mark; null when there is none any more.
 * A DAG without a start date begins at its mark, which its first holder set to the moment it was first seen.
 */
export function nextTick(
  timetable: Timetable,
  schedule: Schedule,
  mark: number | null,
  now: number,
): RunInfo | null {
  const earliest = schedule.startDate === null ? null : new Date(schedule.startDate);
  return timetable.nextRun(mark === null ? null : new Date(mark), {
    earliest,
    latest: schedule.endDate === null ? null : new Date(schedule.endDate),
    catchup: schedule.catchup,
    now: new Date(now),
  });
}

/** The mark to go on from: one that lies more than an hour ahead of now falls back to now (the caller raises the alarm). */
export function repairedMark(mark: number | null, now: number): number | null {
  return mark !== null && mark > now + MAX_MARK_AHEAD_MS ? now : mark;
}

/** The mark after the schedule itself changed: what the old one left out is not made up for, unless the DAG catches up. */
export function markAfterScheduleChange(mark: number | null, catchup: boolean, now: number): number | null {
  if (mark === null || catchup) return mark;
  return Math.max(mark, now);
}
