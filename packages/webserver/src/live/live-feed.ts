import type { Clock, Timer } from '@tsflow/core/clock';
import { InvalidInputError } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import type { EventTable, Store } from '@tsflow/core/store';
import type { Request } from 'express';
import { TooManyRequestsError } from '../http-errors.ts';
import type { EventStream } from './event-stream.ts';
import { type LiveEvent, type LiveFilter, liveEvents, passes } from './live-event.ts';

/** Changes are sent at most this often: what happens within it arrives as one message. */
const SPACING_MS = 250;
/** PostgreSQL says when there is something; this is how soon a lost notice is made up for. */
const NOTIFIED_POLL_MS = 1000;
/** Comments that keep proxies from closing a quiet stream, and how often it is checked that its reader may still read. */
const KEEP_ALIVE_MS = 15_000;
/** While the tail is held back, how often watchers are told to ask for the tables instead. */
const REFETCH_EVERY_MS = 5_000;
/** Events read at once, and how many of them one who reconnects gets before asking for everything is cheaper. */
const BATCH = 1000;
const MAX_MISSED = 5 * BATCH;
/** Streams of all kinds that one process serves. */
const MAX_STREAMS = 500;

/** Says whether the reader of a stream still may: its session may have ended meanwhile. */
export type StillAllowed = (request: Request) => Promise<boolean>;

interface Watcher {
  readonly stream: EventStream;
  readonly filter: LiveFilter;
  /** Ids that it got while it caught up; the feed may come by the same ones once more. Null: caught up and past them. */
  seen: Set<number> | null;
  /** What the feed brought while it was catching up. */
  waiting: LiveEvent[] | null;
}

/**
 * Live changes for browsers. One reader of the event table a process, however many browsers watch, and none when nobody does: each
 * batch is read once, named once and fanned out.
 */
export class LiveFeed implements Service {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #stillAllowed: StillAllowed;
  readonly #watchers = new Set<Watcher>();
  readonly #kept = new Set<{ stop(): void }>();
  #streams = 0;
  /** Behind everything that was fanned out; null while nobody watches. */
  #cursor: string | null = null;
  #timer: Timer | null = null;
  #reading: Promise<void> | null = null;
  #unlisten: (() => Promise<void>) | null = null;
  #lastRead = 0;
  #lastRefetch = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(store: Store, clock: Clock, logger: Logger, stillAllowed: StillAllowed) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
    this.#stillAllowed = stillAllowed;
  }

  async start(): Promise<void> {
    if (this.#store.dialect === 'postgres') {
      this.#unlisten = await this.#store.listen('tsflow_event', () => this.#readSoon(0));
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const { stream } of this.#watchers) stream.close();
    for (const kept of [...this.#kept]) kept.stop();
    await this.#reading;
    await this.#unlisten?.();
    this.#unlisten = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Throws {@link TooManyRequestsError} when the process serves as many streams as it can. Call it before opening one. */
  assertRoom(): void {
    if (this.#streams < MAX_STREAMS) return;
    throw new TooManyRequestsError(`This server already sends ${MAX_STREAMS} live streams.`, 30);
  }

  /**
   * Sends `hello`, what a reader who was here before has missed behind `cursor`, and then every change as it comes, until the
   * connection closes.
   */
  async watch(
    stream: EventStream,
    request: Request,
    filter: LiveFilter,
    cursor: string | null,
  ): Promise<void> {
    const watcher: Watcher = { stream, filter, seen: new Set(), waiting: [] };
    const kept = this.keepAlive(stream, request);
    request.res?.once('close', () => {
      kept.stop();
      this.#watchers.delete(watcher);
    });
    if (this.#cursor === null) {
      const latest = await this.#store.events.latest();
      // Another one may have come first and set it meanwhile; nobody may skip what that one still waits for.
      this.#cursor ??= latest;
      if (!stream.isOpen) {
        // Nobody watches: a position that stood still here would bring old changes to whoever comes next.
        if (this.#watchers.size === 0) this.#cursor = null;
        return;
      }
    }
    this.#watchers.add(watcher);
    this.#readSoon(SPACING_MS);
    await this.#catchUp(watcher, cursor);
  }

  /** Keeps a stream alive and checks, every 15 s, that its reader still may read it. `stop` it when the stream ends. */
  keepAlive(stream: EventStream, request: Request): { stop(): void } {
    this.#streams += 1;
    let timer: Timer | null = null;
    const tick = async () => {
      if (!stream.isOpen) return;
      const allowed = await this.#stillAllowed(request).catch(() => true);
      if (!kept.isOn) return;
      if (!allowed) return stream.close();
      stream.comment('keep-alive', this.#cursorFor(stream));
      timer = this.#clock.setTimer(KEEP_ALIVE_MS, () => void tick());
    };
    const kept = {
      isOn: true,
      stop: () => {
        if (!kept.isOn) return;
        kept.isOn = false;
        this.#streams -= 1;
        this.#kept.delete(kept);
        timer?.cancel();
        stream.close();
      },
    };
    timer = this.#clock.setTimer(KEEP_ALIVE_MS, () => void tick());
    this.#kept.add(kept);
    return kept;
  }

  /** The position that a quiet watcher has reached without an event; undefined for other streams. */
  #cursorFor(stream: EventStream): string | undefined {
    for (const watcher of this.#watchers) {
      if (watcher.stream === stream)
        return watcher.waiting === null ? (this.#cursor ?? undefined) : undefined;
    }
    return undefined;
  }

  /** Reads what a watcher missed. What the feed brings meanwhile waits, and what came both ways is sent once. */
  async #catchUp(watcher: Watcher, cursor: string | null): Promise<void> {
    const { stream, filter } = watcher;
    let position = cursor ?? this.#cursor!;
    stream.send('hello', { cursor: position }, position);
    if (cursor !== null) {
      // The feed may be behind what this reader knew already; what it brings up to now would turn the reader's clock back.
      await this.#readNow();
      watcher.waiting = [];
      const missed = await this.#missed(cursor);
      if (missed === null) {
        position = this.#cursor ?? position;
        stream.send('refetch', { cursor: position, reason: 'the cursor is too old' }, position);
      } else {
        for (const event of missed.events) watcher.seen!.add(event.id);
        position = missed.cursor;
        sendChanges(stream, filter, missed.events, position);
      }
    }
    const waited = watcher.waiting!.filter((event) => !watcher.seen!.has(event.id));
    watcher.waiting = null;
    sendChanges(stream, filter, waited, this.#cursor ?? position);
  }

  /** Everything behind `cursor`; null when that is too much, or the cursor none of ours. */
  async #missed(cursor: string): Promise<{ events: readonly LiveEvent[]; cursor: string } | null> {
    const rows: EventTable[] = [];
    let position = cursor;
    try {
      while (rows.length < MAX_MISSED) {
        const batch = await this.#store.events.tail(position, BATCH);
        rows.push(...batch.events);
        position = batch.cursor;
        if (batch.lagging) return null;
        if (batch.events.length < BATCH) {
          return { events: await liveEvents(this.#store, rows), cursor: position };
        }
      }
      return null;
    } catch (error) {
      if (error instanceof InvalidInputError) return null;
      throw error;
    }
  }

  #readSoon(delayMs: number): void {
    if (this.#isStopped || this.#watchers.size === 0 || this.#reading !== null) return;
    const sinceLast = this.#clock.monotonic() - this.#lastRead;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(
      Math.max(delayMs, SPACING_MS - sinceLast),
      () => void this.#startReading(),
    );
  }

  /** Resolves when the feed has come by everything that was there when this was called. */
  async #readNow(): Promise<void> {
    while (this.#reading !== null) await this.#reading;
    await this.#startReading();
  }

  #startReading(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#reading = this.#read().finally(() => {
      this.#reading = null;
      if (this.#watchers.size === 0) this.#cursor = null;
      this.#readSoon(this.#store.dialect === 'postgres' ? NOTIFIED_POLL_MS : SPACING_MS);
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const caughtUp = [...this.#watchers].filter((watcher) => watcher.waiting === null);
    try {
      for (let isFull = true; isFull && !this.#isStopped && this.#cursor !== null; ) {
        const batch = await this.#store.events.tail(this.#cursor, BATCH);
        const events = await liveEvents(this.#store, batch.events);
        this.#cursor = batch.cursor;
        this.#fanOut(events, batch.cursor);
        if (batch.lagging) this.#tellToRefetch(batch.cursor);
        isFull = batch.events.length === BATCH;
      }
      // Whoever had caught up before this reading began has met every id of their own once more by now.
      for (const watcher of caughtUp) watcher.seen = null;
    } catch (error) {
      this.#logger.warn('Live changes could not be read; trying again.', { error });
    }
    this.#lastRead = this.#clock.monotonic();
  }

  #fanOut(events: readonly LiveEvent[], cursor: string): void {
    if (events.length === 0) return;
    for (const watcher of this.#watchers) {
      if (watcher.waiting !== null) watcher.waiting.push(...events);
      else if (watcher.stream.isBehind) watcher.stream.drop();
      else {
        const { seen } = watcher;
        const fresh = seen === null ? events : events.filter((event) => !seen.has(event.id));
        sendChanges(watcher.stream, watcher.filter, fresh, cursor);
      }
    }
  }

  #tellToRefetch(cursor: string): void {
    const now = this.#clock.monotonic();
    if (now - this.#lastRefetch < REFETCH_EVERY_MS) return;
    this.#lastRefetch = now;
    for (const { stream } of this.#watchers) {
      stream.send('refetch', { cursor, reason: 'newer changes are held back' }, cursor);
    }
  }
}

function sendChanges(
  stream: EventStream,
  filter: LiveFilter,
  events: readonly LiveEvent[],
  cursor: string,
): void {
  const wanted = events.filter((event) => passes(event, filter));
  if (wanted.length > 0) stream.send('changes', { cursor, events: wanted }, cursor);
}
