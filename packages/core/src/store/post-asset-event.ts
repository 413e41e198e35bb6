import { type Clock, systemClock } from '../clock.ts';
import { askedKey } from '../rules/index.ts';
import { livingSchedulers } from './ask.ts';
import type { PostedAssetEvent, Store } from './store.ts';

/** An event that somebody outside of all DAGs posts. */
export interface AskedAssetEvent extends Omit<PostedAssetEvent, 'idempotencyKey'> {
  /** The same key again is answered with the first event; null: every post is one. None that a task uses can be hit by it. */
  readonly idempotencyKey: string | null;
}

/** What became of a posted event. The same key again gets the answer about the first event, as it is by then. */
export interface AssetEventAnswer {
  readonly eventId: number;
  /** The key was seen before: nothing new was written. */
  readonly repeated: boolean;
  /** Each DAG that is scheduled on the asset. */
  readonly consumers: readonly AssetEventConsumer[];
}

export interface AssetEventConsumer {
  readonly dagId: string;
  /**
   * `waiting`: no scheduler has looked at it yet. `ignored`: the DAG was paused, or was not scheduled on the asset then, so it is not kept.
   * `kept`: it counts, and the condition waits for more, or the DAG for room. `run`: it is in `runId`.
   */
  readonly state: 'waiting' | 'ignored' | 'kept' | 'run';
  readonly runId: string | null;
}

const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;

/**
 * Posts an event of an asset and waits until the schedulers of the DAGs that are scheduled on it have looked at it, at most `timeoutMs` (10 s).
 * Without a living scheduler the answer comes at once; the event is kept in any case. Throws what `AssetPort.post` throws.
 */
export async function postAssetEvent(
  store: Store,
  { idempotencyKey, ...event }: AskedAssetEvent,
  { timeoutMs = 10_000, clock = systemClock }: { timeoutMs?: number; clock?: Clock } = {},
): Promise<AssetEventAnswer> {
  const key = idempotencyKey === null ? null : askedKey(idempotencyKey);
  const written = await store.assets.post({ ...event, idempotencyKey: key });
  const deadline = clock.monotonic() + timeoutMs;
  const isHeard = (await livingSchedulers(store, clock)).length > 0;
  for (let delayMs = FIRST_POLL_MS; ; delayMs = Math.min(delayMs * 2, MAX_POLL_MS)) {
    const consumers = await store.assets.reception(written.eventId, event.asset);
    const isOver = consumers.every(({ state }) => state !== 'waiting');
    if (isOver || !isHeard || clock.monotonic() >= deadline) return { ...written, consumers };
    await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
  }
}
