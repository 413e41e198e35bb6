import { type Changes, type DagWorkState, passDeadline, timeCame, timeOutRun } from '@tsflow/core/rules';
import { type QueuedDeadline, timedDag } from '../held/due-timers.ts';
import type { World } from '../held/world.ts';

/** What is due by the clock and is not done at once. */
export interface DueNow {
  /** DAGs whose tick is due, or a deadline of a tick that waits for room. */
  readonly ticks: Set<DagWorkState>;
  /** Deadlines of runs that may still be queued: only the database knows. */
  readonly queued: QueuedDeadline[];
  /** DAGs whose next tick is near. */
  readonly preload: DagWorkState[];
}

/**
 * Takes the timers that are due: waits go on, deadlines are noted, runs are ended at their time limit.
 *
 * @param woken gets the DAGs whose timers were taken: should the turn fail, they are set anew
 */
export function passTimers({ held }: World, woken: Set<string>, changes: Changes): DueNow {
  const due: DueNow = { ticks: new Set(), queued: [], preload: [] };
  for (
    let timer = held.timers.peek();
    timer !== undefined && timer.at <= changes.now;
    timer = held.timers.peek()
  ) {
    held.timers.pop();
    if (!held.isDue(timer)) continue;
    woken.add(timedDag(timer).dagId);
    switch (timer.kind) {
      case 'instance':
        timeCame(timer.instance, changes);
        break;
      case 'queued_deadline':
        due.queued.push(timer);
        break;
      case 'deadline':
        passDeadline(timer.run, timer.deadline, changes);
        break;
      case 'time_limit':
        timeOutRun(timer.run, changes);
        break;
      case 'tick':
      case 'late':
        due.ticks.add(timer.dag);
        break;
      case 'preload':
        due.preload.push(timer.dag);
    }
  }
  return due;
}
