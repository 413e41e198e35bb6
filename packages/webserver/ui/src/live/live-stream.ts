import type { QueryClient } from '@tanstack/react-query';
import { apiRoot } from '../api/client.ts';
import { applyChanges, type Change } from './changes.ts';

export type LiveStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'reconnecting'; readonly since: number }
  | { readonly kind: 'paused' };

/** How long refetches of lists are gathered before they are sent. */
const COALESCE_MS = 500;
/** A long list is fetched no more often than this, however much happens: a backfill ends a run every few milliseconds. */
const AT_MOST_EVERY_MS = 2_000;
const LONG_LISTS: ReadonlySet<string> = new Set([
  'dags',
  'runs',
  'timeline',
  'backfills',
  'grid',
  'info',
  'pools',
  'poolTasks',
  'openDeadlines',
]);
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000];

/**
 * Keeps the caches in step with the server over one event stream. Hidden tabs let go of it and catch up when they are seen again;
 * a lost connection is taken up at the last cursor, so no change is missed.
 */
export class LiveStream {
  readonly #cache: QueryClient;
  readonly #listeners = new Set<() => void>();
  readonly #stale = new Map<string, string[]>();
  /** When each list was last fetched for a change. */
  readonly #fetchedAt = new Map<string, number>();
  #status: LiveStatus = { kind: 'connecting' };
  #source: EventSource | undefined;
  #cursor: string | undefined;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #flush: ReturnType<typeof setTimeout> | undefined;
  #lastChanges: readonly Change[] = [];

  constructor(cache: QueryClient) {
    this.#cache = cache;
  }

  get status(): LiveStatus {
    return this.#status;
  }

  /** The newest batch, for the announcer of the polite live region. */
  get lastChanges(): readonly Change[] {
    return this.#lastChanges;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): () => void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    if (!document.hidden) this.#open();
    return () => {
      document.removeEventListener('visibilitychange', this.#onVisibility);
      this.#close();
      clearTimeout(this.#flush);
    };
  }

  #open(): void {
    this.#close();
    const query = this.#cursor === undefined ? '' : `?cursor=${encodeURIComponent(this.#cursor)}`;
    const source = new EventSource(`${apiRoot}/live${query}`);
    this.#source = source;
    source.addEventListener('hello', (event) => {
      const gap = this.#failures > 0 && this.#cursor === undefined;
      this.#failures = 0;
      this.#remember(event, 'cursor');
      this.#tell({ kind: 'live' });
      if (gap) void this.#cache.invalidateQueries();
    });
    source.addEventListener('changes', (event) => {
      const batch = this.#remember(event, 'cursor') as { events?: readonly Change[] } | undefined;
      if (batch?.events) this.#apply(batch.events);
    });
    source.addEventListener('refetch', (event) => {
      this.#cursor = undefined;
      this.#remember(event, 'cursor');
      void this.#cache.invalidateQueries();
    });
    source.onerror = () => this.#reconnect();
  }

  #apply(changes: readonly Change[]): void {
    for (const key of applyChanges(this.#cache, changes)) this.#stale.set(key.join('\0'), key);
    this.#lastChanges = changes;
    for (const listener of this.#listeners) listener();
    this.#flush ??= setTimeout(() => this.#refetch(), COALESCE_MS);
  }

  #refetch(): void {
    this.#flush = undefined;
    const now = Date.now();
    for (const [key, at] of this.#fetchedAt) if (now - at >= AT_MOST_EVERY_MS) this.#fetchedAt.delete(key);
    for (const [key, queryKey] of this.#stale) {
      if (this.#fetchedAt.has(key)) continue;
      this.#stale.delete(key);
      if (LONG_LISTS.has(queryKey[0]!)) this.#fetchedAt.set(key, now);
      void this.#cache.invalidateQueries({ queryKey });
    }
    if (this.#stale.size > 0) this.#flush = setTimeout(() => this.#refetch(), COALESCE_MS);
  }

  #reconnect(): void {
    this.#close();
    if (this.#status.kind !== 'reconnecting') this.#tell({ kind: 'reconnecting', since: Date.now() });
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)]!;
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), wait);
  }

  #remember(event: Event, field: string): unknown {
    const message = event as MessageEvent<string>;
    try {
      const data = JSON.parse(message.data) as Record<string, unknown>;
      const cursor = message.lastEventId || data[field];
      if (typeof cursor === 'string' || typeof cursor === 'number') this.#cursor = String(cursor);
      return data;
    } catch {
      return undefined;
    }
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) {
      this.#close();
      this.#tell({ kind: 'paused' });
    } else {
      this.#tell({ kind: 'connecting' });
      this.#open();
    }
  };

  #close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  #tell(status: LiveStatus): void {
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }
}
