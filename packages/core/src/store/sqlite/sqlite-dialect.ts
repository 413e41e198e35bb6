import {
  CamelCasePlugin,
  Kysely,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
  type Transaction,
} from 'kysely';
import { InvalidInputError } from '../../errors.ts';
import type { Announcement, Dialect, SchemaWords } from '../dialect.ts';
import type { EventTail } from '../store.ts';
import type { Tables } from '../tables.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { Checkpointer } from './checkpointer.ts';
import { SqliteTurnWriter } from './commit-turn.ts';
import { SchedulerLock } from './scheduler-lock.ts';
import { pingSchedulers } from './scheduler-ping.ts';
import { SqliteConnections, untilFree } from './sqlite-connections.ts';
import { loadSqlite, type OpenSqlite } from './sqlite-database.ts';
import { SqliteDriver } from './sqlite-driver.ts';

/** SQLite: one file, one writer at a time, one scheduler. */
export class SqliteDialect implements Dialect {
  readonly name = 'sqlite';
  readonly db: Kysely<Tables>;
  readonly forUpdate = sql``;
  readonly skipLocked = sql``;
  readonly words: SchemaWords = {
    dialect: 'sqlite',
    findMigrations: `select 1 from sqlite_master where type = 'table' and name = 'schema_migration'`,
    int: 'integer',
    identity: 'integer primary key autoincrement',
    table: ' strict',
    hotTable: ' strict',
    keyedTable: ' strict, without rowid',
  };
  readonly events: EventTail;
  readonly #connections: SqliteConnections;
  readonly #turnWriter: SqliteTurnWriter;
  readonly #schedulerLock: SchedulerLock;
  #checkpointer: Checkpointer | null = null;

  static async open(file: string, synchronous: 'full' | 'normal'): Promise<SqliteDialect> {
    const openSqlite = await loadSqlite();
    return new SqliteDialect(await SqliteConnections.open(openSqlite, file, synchronous), openSqlite);
  }

  constructor(connections: SqliteConnections, openSqlite: OpenSqlite) {
    this.#connections = connections;
    this.#turnWriter = new SqliteTurnWriter(connections);
    this.#schedulerLock = new SchedulerLock(openSqlite, connections.path);
    this.db = new Kysely<Tables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new SqliteDriver(connections),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
      plugins: [new CamelCasePlugin()],
    });
    this.events = new SqliteEventTail(this.db);
  }

  async write<T>(work: (tx: Transaction<Tables>) => Promise<T>, announce?: Announcement): Promise<T> {
    const result = await this.db.transaction().execute(work);
    if (announce !== undefined) await this.notify(announce);
    return result;
  }

  async commitTurn(turn: Turn): Promise<TurnResult> {
    const unlock = await this.#connections.mutex.lock();
    try {
      return await untilFree(this.#connections.path, () => this.#turnWriter.write(turn));
    } finally {
      unlock();
    }
  }

  among(column: string, values: readonly (string | number)[]): RawBuilder<boolean> {
    return sql<boolean>`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
  }

  async oneAtATime(): Promise<void> {}

  async prepareMigration(): Promise<void> {}

  async keepPartitions(): Promise<void> {}

  async claimScheduler(): Promise<boolean> {
    const isTaken = await this.#schedulerLock.claim(() => this.#newestScheduler());
    // The process that commits all the time is the one worth a thread.
    if (isTaken && !this.#connections.isShared) this.#checkpointer = new Checkpointer(this.#connections.path);
    return isTaken;
  }

  async listen(): Promise<() => Promise<void>> {
    return async () => undefined;
  }

  async notify({ channel, payload }: Announcement): Promise<void> {
    if (channel === 'tsflow_event') return;
    const reason =
      channel === 'tsflow_intent' ? 'intents' : payload === 'versions' ? 'versions' : 'variables';
    await pingSchedulers(this.db, reason);
  }

  async close(): Promise<void> {
    await this.db.destroy();
    await this.#checkpointer?.stop();
    this.#checkpointer = null;
    const unlock = await this.#connections.mutex.lock();
    this.#schedulerLock.release();
    this.#connections.close();
    unlock();
  }

  async #newestScheduler(): Promise<string> {
    const newest = await this.db
      .selectFrom('scheduler')
      .select(['host', 'pid'])
      .where('stoppedAt', 'is', null)
      .orderBy('startedAt', 'desc')
      .executeTakeFirst();
    return newest === undefined ? 'unknown' : `pid ${newest.pid} on ${newest.host}`;
  }
}

/** One writer at a time, so that ids are the order of commit. */
class SqliteEventTail implements EventTail {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  async tail(cursor: string | null, limit: number) {
    const after = cursor === null ? 0 : Number(cursor);
    if (!Number.isSafeInteger(after)) throw new InvalidInputError(`"${cursor}" is not a cursor of events.`);
    const events = await this.#db
      .selectFrom('event')
      .selectAll()
      .where('id', '>', after)
      .orderBy('id')
      .limit(limit)
      .execute();
    return { events, cursor: String(events.at(-1)?.id ?? after), lagging: false };
  }

  async latest(): Promise<string> {
    const newest = await this.#db
      .selectFrom('event')
      .select((of) => of.fn.max('id').as('id'))
      .executeTakeFirst();
    return String(newest?.id ?? 0);
  }
}
