import type { Store } from '../store.ts';

/** Newest successful runs whose tasks are looked at. */
const HISTORY = 20;

/** How long each task of a DAG takes: the median over its newest successful runs, in ms. Tasks without history are not in it. */
export async function medianTaskDurations(store: Store, dagId: string): Promise<ReadonlyMap<string, number>> {
  const rows = await store.db
    .selectFrom('taskInstance')
    .select(['taskId', 'startDate', 'endDate'])
    .where('runKey', 'in', (of) =>
      of
        .selectFrom('dagRun')
        .select('key')
        .where('dagId', '=', dagId)
        .where('state', '=', 'success')
        .orderBy('key', 'desc')
        .limit(HISTORY),
    )
    .where('state', '=', 'success')
    .execute();
  const durations = new Map<string, number[]>();
  for (const { taskId, startDate, endDate } of rows) {
    if (startDate === null || endDate === null) continue;
    const known = durations.get(taskId);
    if (known === undefined) durations.set(taskId, [endDate - startDate]);
    else known.push(endDate - startDate);
  }
  return new Map([...durations].map(([taskId, all]) => [taskId, median(all)!]));
}

/** The middle one; null: there is none. Sorts what it is given. */
export function median(durations: number[]): number | null {
  durations.sort((a, b) => a - b);
  return durations[Math.floor(durations.length / 2)] ?? null;
}
