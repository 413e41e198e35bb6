import { planReschedule, type ReschedulePayload } from '../../intents/index.ts';
import { knownTimetable } from '../horizons.ts';
import type { Store } from '../store.ts';
import { dagSnapshot } from './snapshot.ts';

/** Logical dates, ISO 8601. */
export interface ReschedulePreview {
  readonly skipped: readonly string[];
  /** Of the run that would be made ahead of its time; null: none. */
  readonly runsNow: string | null;
  /** Of the first run that the schedule would make by itself; null: there is none any more. */
  readonly next: string | null;
}

/** What a reschedule would do, by the very function that plans it. Reads only. */
export async function reschedulePreview(
  store: Store,
  dagId: string,
  payload: ReschedulePayload,
  now: number,
): Promise<ReschedulePreview> {
  const { dag, graph } = await dagSnapshot(store, dagId);
  const plan = planReschedule(await knownTimetable(store, graph.dag), graph.dag, dag, payload, now);
  return {
    skipped: plan.skipped.map(({ logicalDate }) => logicalDate.toISOString()),
    runsNow: plan.now?.logicalDate.toISOString() ?? null,
    next: plan.next?.logicalDate.toISOString() ?? null,
  };
}
