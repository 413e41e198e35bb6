import type { TimeRestriction } from './timetable.ts';

/** The instants of a schedule, in milliseconds since 1970 UTC, without end and without state. */
export interface Ticks {
  /** The first tick strictly after `instant`; null when there is none. */
  after(instant: number): number | null;
  /** The last tick strictly before `instant`; null when there is none. */
  before(instant: number): number | null;
}

/**
 * Which slot a schedule takes next. `dueBy`: slots up to this instant are due.
 *
 * - `catchup: true`: the first slot after `last` and not before `earliest`, whether it is due or not.
 * - `catchup: false`: the newest slot that is due, if one was missed since then; else the next one.
 * - Without `last` and `earliest` nothing can have been missed: the first slot that is not due yet. The caller remembers it
 *   (`dag.nextTick`); asking again later would pass over it.
 */
export function nextSlot(
  slots: Ticks,
  last: Date | null,
  { earliest, latest, catchup }: TimeRestriction,
  dueBy: number,
): number | null {
  const floor = Math.max(
    last?.getTime() ?? -Infinity,
    earliest === null ? -Infinity : earliest.getTime() - 1,
  );
  const ceiling = latest?.getTime() ?? Infinity;
  const first = slots.after(floor === -Infinity ? dueBy : floor);
  if (first === null || first > ceiling) return null;
  if (catchup || first > dueBy) return first;
  return slots.before(Math.min(dueBy, ceiling) + 1);
}

/** The ticks in `[start, end]`, oldest first. */
export function* ticksBetween(ticks: Ticks, start: number, end: number): Generator<number> {
  for (let tick = ticks.after(start - 1); tick !== null && tick <= end; tick = ticks.after(tick)) yield tick;
}
