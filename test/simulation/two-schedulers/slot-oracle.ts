import type { SerializedDag } from '@tsflow/core/serialization';
import type { Store } from '@tsflow/core/store';
import { Violation } from './violation.ts';

/**
 * The slots that a schedule of a fixed distance must have by now, counted by hand and not by a timetable: every point of its grid between
 * the first one that counts and its mark, but for those that an event says were passed over.
 */
export async function assertSlots(store: Store, dag: SerializedDag): Promise<void> {
  const { timetable, dagId, startDate, endDate, catchup } = dag;
  if (timetable.type !== 'delta') return;
  const rows = await store.db
    .selectFrom('dagRun')
    .select(['slot', 'runId'])
    .where('dagId', '=', dagId)
    .where('slot', 'is not', null)
    .execute();
  const { mark } = await store.db
    .selectFrom('dag')
    .select('mark')
    .where('dagId', '=', dagId)
    .executeTakeFirstOrThrow();
  const everyMs = timetable.everyMs as number;
  const anchor = timetable.startDate === null ? 0 : Date.parse(timetable.startDate as string);
  const slots = new Set(rows.map(({ slot }) => slot!));
  for (const slot of slots)
    if ((slot - anchor) % everyMs !== 0)
      throw new Violation('I7', `${dagId} has a run at ${iso(slot)}, which is no tick`);
  if (!catchup || startDate === null || mark === null) return;
  const passed = await passedOver(store, dagId);
  const last = Math.min(mark, Date.parse(endDate!));
  const start = Date.parse(startDate);
  for (let tick = anchor + Math.ceil((start - anchor) / everyMs) * everyMs; tick <= last; tick += everyMs) {
    if (slots.has(tick) || passed.some(({ from, to }) => from <= tick && tick <= to)) continue;
    throw new Violation('I7', `${dagId} has no run at ${iso(tick)}, and its mark is ${iso(mark)}`);
  }
}

/** Stretches in which ticks made no run, as the events tell. */
async function passedOver(store: Store, dagId: string): Promise<{ from: number; to: number }[]> {
  const events = await store.db
    .selectFrom('event')
    .select(['type', 'data'])
    .where('dagId', '=', dagId)
    .where('type', 'in', ['tick_skipped', 'dag_rescheduled'])
    .execute();
  return events.map(({ type, data }) => {
    const { first, last, skipUntil } = JSON.parse(data!) as {
      first: string;
      last: string;
      skipUntil: string;
    };
    return type === 'tick_skipped'
      ? { from: Date.parse(first), to: Date.parse(last) }
      : { from: Number.NEGATIVE_INFINITY, to: Date.parse(skipUntil) - 1 };
  });
}

const iso = (instant: number): string => new Date(instant).toISOString();
