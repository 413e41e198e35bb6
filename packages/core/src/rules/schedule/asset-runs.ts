import { type AssetCondition, conditionHolds } from '../../assets/index.ts';
import type { DataInterval } from '../../timetables/index.ts';

/** An event of an asset as it waits in a DAG that is scheduled on the asset. */
export interface AssetArrival {
  readonly eventId: number;
  readonly asset: string;
  readonly partition: string | null;
  readonly at: number;
  /** Data interval of the run that brought it about; null: it was posted. */
  readonly interval: { readonly start: number; readonly end: number } | null;
}

/** A run that events make. */
export interface AssetRun {
  readonly partition: string | null;
  /** All of them, oldest first: what the run lists. */
  readonly events: readonly AssetArrival[];
}

/**
 * The runs that the events since the last ones make: one for each partition in which `condition` holds, with every event of that partition.
 * Events without a partition are a group of their own. In the order in which the groups began.
 */
export function assetRuns(condition: AssetCondition, arrivals: readonly AssetArrival[]): readonly AssetRun[] {
  const groups = new Map<string | null, AssetArrival[]>();
  for (const arrival of [...arrivals].sort((a, b) => a.eventId - b.eventId)) {
    const group = groups.get(arrival.partition);
    if (group === undefined) groups.set(arrival.partition, [arrival]);
    else group.push(arrival);
  }
  return [...groups]
    .filter(([, events]) => conditionHolds(condition, new Set(events.map(({ asset }) => asset))))
    .map(([partition, events]) => ({ partition, events }));
}

/** What a run that events make is about: all that the runs which brought them about were; of posted ones, their instant. */
export function assetRunInterval(events: readonly AssetArrival[]): DataInterval {
  const intervals = events.map(({ at, interval }) => interval ?? { start: at, end: at });
  return {
    start: new Date(Math.min(...intervals.map(({ start }) => start))),
    end: new Date(Math.max(...intervals.map(({ end }) => end))),
  };
}
