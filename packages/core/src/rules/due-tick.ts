import type { RunInfo, Timetable } from '../timetables/index.ts';
import { isTooLate, nextTick } from './next-tick.ts';
import type { DagWorkState } from './work.ts';

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
