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

/** What a run that events make is about: all that the runs which brought them about were; of posted ones, their instant. */
export function assetRunInterval(events: readonly AssetArrival[]): DataInterval {
  const intervals = events.map(({ at, interval }) => interval ?? { start: at, end: at });
  return {
    start: new Date(Math.min(...intervals.map(({ start }) => start))),
    end: new Date(Math.max(...intervals.map(({ end }) => end))),
  };
}
