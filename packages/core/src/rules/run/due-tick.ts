import type { RunInfo, Timetable } from '../../timetables/index.ts';
import {
  isTooLate,
  nextTick,
  type Schedule,
  type ScheduleProgress,
  upcomingTicks,
} from '../schedule/next-tick.ts';
import type { DagWorkState } from '../work/work.ts';
import { lateAt } from './deadlines.ts';

/** What was late a day ago is told nobody any more. */
const ONE_DAY_MS = 86_400_000;

/**
 * What becomes of a tick that is due. `queue`: its run is made and waits for room, since it is late and somebody is to hear of that in time.
 * `wait`: it stays due until there is room for its run, or until `lookAt` (null: no instant changes anything).
 */
export type DueTick =
  | { readonly verdict: 'run' | 'queue' | 'delayed' | 'overlap'; readonly info: RunInfo }
  | { readonly verdict: 'wait'; readonly info: RunInfo; readonly lookAt: number | null };

/** What a DAG has under way besides: whether another run may begin, and how many wait to. */
export interface RunsUnderWay {
  hasRoom(): boolean;
  queued(): number;
}

/**
 * The tick of a DAG that is due, and what becomes of it: a run, or it is passed over because it is too late by now (`skipDelayedBy`) or
 * because there is no room (`onOverlap: 'skip'`). Null: none is due. Whoever follows it moves the mark, unless it waits, and asks again.
 */
export function dueTick(
  timetable: Timetable,
  dag: DagWorkState,
  runs: RunsUnderWay,
  now: number,
): DueTick | null {
  const schedule = dag.graph.dag;
  const info = dag.isPaused ? null : nextTick(timetable, schedule, dag, now);
  if (info === null || info.runAfter.getTime() > now) return null;
  if (isTooLate(schedule, info, now)) return { verdict: 'delayed', info };
  if (runs.hasRoom()) return { verdict: 'run', info };
  if (schedule.onOverlap === 'skip') return { verdict: 'overlap', info };
  // The tick of `@continuous` is the end of the run before, so it is never late.
  const at = timetable.type === 'continuous' ? null : lateAt(info, schedule);
  if (at === null || at <= now - ONE_DAY_MS) return { verdict: 'wait', info, lookAt: null };
  if (at > now) return { verdict: 'wait', info, lookAt: at };
  // One such run at a time: a DAG that is stuck should not start flooded.
  return runs.queued() === 0 ? { verdict: 'queue', info } : { verdict: 'wait', info, lookAt: null };
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
