import type { RunInfo, Timetable } from '../../timetables/index.ts';
import {
  isTooLate,
  nextTick,
  type Schedule,
  type ScheduleProgress,
  upcomingTicks,
} from '../schedule/next-tick.ts';
import type { DagWorkState } from '../work/work.ts';

/** What becomes of a tick that is due. `wait`: it stays due until there is room for its run. */
export interface DueTick {
  readonly verdict: 'run' | 'wait' | 'delayed' | 'overlap';
  readonly info: RunInfo;
}

/**
 * The tick of a DAG that is due, and what becomes of it: a run, or it is passed over because it is too late by now (`skipDelayedBy`) or
 * because there is no room (`onOverlap: 'skip'`). Null: none is due. Whoever follows it moves the mark, and asks again.
 */
export function dueTick(
  timetable: Timetable,
  dag: DagWorkState,
  hasRoom: () => boolean,
  now: number,
): DueTick | null {
  const schedule = dag.graph.dag;
  const info = dag.isPaused ? null : nextTick(timetable, schedule, dag, now);
  if (info === null || info.runAfter.getTime() > now) return null;
  if (isTooLate(schedule, info, now)) return { verdict: 'delayed', info };
  if (hasRoom()) return { verdict: 'run', info };
  return { verdict: schedule.onOverlap === 'skip' ? 'overlap' : 'wait', info };
}

/** Counting goes no further: a minutely schedule that slept for a year has half a million. */
const MAX_COUNTED = 1_000;

/**
 * The ticks between the mark and a tick that is due, for which a DAG without catchup makes no run. Null: there are none. `count` is null
 * when there are more than 1,000.
 */
export function missedBefore(
  timetable: Timetable,
  schedule: Schedule,
  progress: ScheduleProgress,
  due: RunInfo,
  now: number,
): { readonly first: Date; readonly count: number | null } | null {
  // What a person told it to pass over is not missed, nor is what lies before its first run.
  if (schedule.catchup || progress.mark === null || !timetable.periodic) return null;
  let first: Date | null = null;
  let count = 0;
  for (const { logicalDate } of upcomingTicks(timetable, { ...schedule, catchup: true }, progress, now)) {
    if (logicalDate >= due.logicalDate) break;
    first ??= logicalDate;
    count += 1;
    if (count > MAX_COUNTED) break;
  }
  return first === null ? null : { first, count: count > MAX_COUNTED ? null : count };
}
