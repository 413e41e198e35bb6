import type { JsonObject } from '../json.ts';

/** Something new is in an asset: a task with it as an outlet succeeded, or somebody posted it. */
export interface AssetEvent {
  /** Unique over all assets; later events have larger ones. */
  readonly eventId: number;
  /** Name of the asset. */
  readonly asset: string;
  /** When it happened. */
  readonly at: Date;
  /** Which part of the asset is new (a day, a region); null: it has no parts. */
  readonly partition: string | null;
  /** What its producer says about it. */
  readonly extra: JsonObject;
  /** The task that updated it; null: it was posted. */
  readonly source: AssetEventSource | null;
}

export interface AssetEventSource {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
}

/** What a producer may say about an event. */
export interface AssetEventFacts {
  /** Small JSON about what is new. Default: nothing. */
  readonly extra?: JsonObject | undefined;
  /** Which part is new, such as a day. Default: the asset as a whole. */
  readonly partition?: string | undefined;
}

/** An event as the outcome of its task carries it. */
export interface EmittedAssetEvent {
  readonly asset: string;
  readonly extra: JsonObject;
  readonly partition: string | null;
}
