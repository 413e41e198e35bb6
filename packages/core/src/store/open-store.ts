import { fileURLToPath } from 'node:url';
import { InvalidInputError } from '../errors.ts';
import { Assets } from './assets.ts';
import { Catalog } from './catalog.ts';
import type { Dialect } from './dialect.ts';
import { Horizons } from './horizons.ts';
import { Intents } from './intents.ts';
import { Leases } from './leases.ts';
import { assertMigrated, migrate } from './migrator.ts';
import { Pools } from './pools.ts';
import { Runners } from './runners.ts';
import type { Channel, Store } from './store.ts';
import { Turns } from './turns.ts';
import { Variables } from './variables.ts';

export interface StoreOptions {
  /** SQLite only. `full` (default) loses nothing in a power cut, `normal` may lose the last commits. */
  readonly synchronous?: 'full' | 'normal';
  /** PostgreSQL only: connections for queries, besides one for turns and one for LISTEN. Default 10. */
  readonly poolSize?: number;
}

/**
 * Opens the metadata database: `sqlite:<path>`, `sqlite::memory:` or `postgres://…`. A SQLite file that does not exist is created,
 * empty; call `migrate` or `assertMigrated` next. The driver is loaded here and nowhere earlier.
 *
 * Throws `InvalidInputError` for any other URL, and `DatabaseError` when the database does not open.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return new DialectStore(await openDialect(url, options));
}

async function openDialect(url: string, options: StoreOptions): Promise<Dialect> {
  if (url.startsWith('sqlite:')) {
    const { SqliteDialect } = await import('./sqlite/sqlite-dialect.ts');
    return SqliteDialect.open(sqliteFile(url), options.synchronous ?? 'full');
  }
  if (/^postgres(ql)?:\/\//.test(url)) {
    const { PostgresDialect } = await import('./postgres/postgres-dialect.ts');
    return PostgresDialect.open(url, options.poolSize ?? 10);
  }
  throw new InvalidInputError(
    `The database URL must be "sqlite:<path>", "sqlite::memory:" or "postgres://…", got "${withoutPassword(url)}".`,
  );
}

class DialectStore implements Store {
  readonly dialect;
  readonly allowsSeveralSchedulers;
  readonly db;
  readonly leases;
  readonly turns;
  readonly catalog;
  readonly intents;
  readonly variables;
  readonly pools;
  readonly runners;
  readonly assets;
  readonly horizons;
  readonly events;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
    this.dialect = dialect.name;
    // A SQLite file has one scheduler, which holds its lock for life.
    this.allowsSeveralSchedulers = dialect.name === 'postgres';
    this.db = dialect.db;
    this.leases = new Leases(dialect);
    this.turns = new Turns(dialect);
    this.catalog = new Catalog(dialect);
    this.intents = new Intents(dialect);
    this.variables = new Variables(dialect);
    this.pools = new Pools(dialect);
    this.runners = new Runners(dialect);
    this.assets = new Assets(dialect, () => this.reserveKeys(1));
    this.horizons = new Horizons(dialect);
    this.events = dialect.events;
  }

  async reserveKeys(count: number): Promise<number> {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new InvalidInputError(`reserveKeys: expected a whole number from 1, got ${count}.`);
    }
    const { next } = await this.db
      .updateTable('sequence')
      .set((of) => ({ next: of('next', '+', count) }))
      .where('name', '=', 'key')
      .returning('next')
      .executeTakeFirstOrThrow();
    return next - count;
  }

  migrate(): Promise<{ applied: readonly string[] }> {
    return migrate(this.#dialect);
  }

  assertMigrated(): Promise<void> {
    return assertMigrated(this.#dialect);
  }

  listen(channel: Channel, onNotify: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#dialect.listen(channel, onNotify);
  }

  notify(channel: Channel, payload: string): Promise<void> {
    return this.#dialect.notify({ channel, payload });
  }

  close(): Promise<void> {
    return this.#dialect.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function sqliteFile(url: string): string {
  if (url.startsWith('sqlite://')) return fileURLToPath(`file:${url.slice('sqlite:'.length)}`);
  const file = url.slice('sqlite:'.length);
  if (file === '') throw new InvalidInputError('The database URL "sqlite:" names no file.');
  return file;
}

const withoutPassword = (url: string) => url.replace(/:[^:@/]+@/, ':***@');
