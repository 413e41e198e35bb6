import type pg from 'pg';
import type { Channel } from '../store.ts';
import { isSilence, type PostgresConnections } from './postgres-connections.ts';

type OnNotify = (payload: string) => void;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;
/** A session that only listens would not notice that its connection is half open. */
const CHECK_EVERY_MS = 5_000;

/**
 * LISTEN on a session of its own, which is opened again when it breaks. What was said meanwhile is lost, so after a break every
 * listener is called once with an empty payload: look yourself.
 */
export class PostgresListener {
  readonly #connections: PostgresConnections;
  readonly #listeners = new Map<Channel, Set<OnNotify>>();
  #session: Promise<pg.Client> | null = null;
  #isClosed = false;
  #retry: NodeJS.Timeout | null = null;

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
  }

  async listen(channel: Channel, onNotify: OnNotify): Promise<() => Promise<void>> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners);
    listeners.add(onNotify);
    try {
      const session = await this.#open();
      await session.query(`listen ${channel}`);
    } catch (error) {
      listeners.delete(onNotify);
      throw error;
    }
    return async () => {
      listeners.delete(onNotify);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const session = await this.#session?.catch(() => null);
    await session?.end().catch(() => undefined);
  }

  #open(): Promise<pg.Client> {
    this.#session ??= this.#connect();
    return this.#session;
  }

  async #connect(): Promise<pg.Client> {
    try {
      const session = await this.#connections.session();
      session.on('notification', ({ channel, payload }) => this.#tell(channel as Channel, payload ?? ''));
      const check = setInterval(() => {
        session.query('select 1').catch((error: unknown) => {
          if (isSilence(error)) this.#connections.closeAll();
        });
      }, CHECK_EVERY_MS).unref();
      session.once('end', () => {
        clearInterval(check);
        this.#reopen(FIRST_DELAY_MS);
      });
      for (const channel of this.#listeners.keys()) await session.query(`listen ${channel}`);
      return session;
    } catch (error) {
      this.#session = null;
      throw error;
    }
  }

  #reopen(delayMs: number): void {
    this.#session = null;
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#open().then(
        () => {
          for (const channel of this.#listeners.keys()) this.#tell(channel, '');
        },
        () => this.#reopen(Math.min(delayMs * 2, MAX_DELAY_MS)),
      );
    }, delayMs);
    this.#retry.unref();
  }

  #tell(channel: Channel, payload: string): void {
    for (const onNotify of this.#listeners.get(channel) ?? []) onNotify(payload);
  }
}
