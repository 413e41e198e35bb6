import type { RunState } from '../../state/index.ts';
import { isRunFinished } from '../../state/index.ts';
import type { RunInfo, Timetable } from '../../timetables/index.ts';
import type { BackfillOptions } from '../work/work.ts';

/** What a backfill does with one date. */
export type BackfillStep = 'create' | 'clear' | 'exists' | 'in_flight';

/** A run in flight is left alone; a finished one by the reprocess option. */
export function backfillStep(
  existing: RunState | undefined,
  reprocess: BackfillOptions['reprocess'],
): BackfillStep {
  if (existing === undefined) return 'create';
  if (!isRunFinished(existing)) return 'in_flight';
  if (reprocess === 'completed' || (reprocess === 'failed' && existing === 'failed')) return 'clear';
  return 'exists';
}

/** The dates of a backfill behind `cursor`, in the order in which they run. Lazy, unless reversed. */
export function* backfillDates(
  timetable: Timetable,
  range: { readonly fromDate: number; readonly toDate: number; readonly reverse: boolean },
  cursor: number | null,
): Iterable<RunInfo> {
  const from = !range.reverse && cursor !== null ? cursor : range.fromDate;
  const to = range.reverse && cursor !== null ? cursor : range.toDate;
  const dates = timetable.runsBetween(new Date(from), new Date(to));
  for (const info of range.reverse ? [...dates].reverse() : dates) {
    if (info.logicalDate.getTime() !== cursor) yield info;
  }
}
