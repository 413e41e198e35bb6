import {
  CamelCasePlugin,
  Kysely,
  PostgresDialect as KyselyPostgresDialect,
  type RawBuilder,
  sql,
  type Transaction,
} from 'kysely';
import type { Announcement, Dialect, SchemaWords } from '../dialect.ts';
import type { Channel } from '../store.ts';
import type { Tables } from '../tables.ts';
import type { Turn, TurnResult } from '../turn.ts';
import { PostgresTurnWriter } from './commit-turn.ts';
import { keepEventPartitions } from './event-partitions.ts';
import { NO_STATEMENT_TIMEOUT, PostgresConnections } from './postgres-connections.ts';
import { PostgresEventTail } from './postgres-event-tail.ts';
import { isLostRace, postgresFailure } from './postgres-failure.ts';
import { PostgresListener } from './postgres-listener.ts';

/** How often a transaction that lost a race is tried before the caller hears of it. */
const MAX_TRIES = 10;

/** PostgreSQL: any number of processes, schedulers included. */
export class PostgresDialect implements Dialect {
  readonly name = 'postgres';
  readonly db: Kysely<Tables>;
  readonly forUpdate = sql`for update`;
  readonly skipLocked = sql`for update skip locked`;
  readonly words: SchemaWords = {
    dialect: 'postgres',
    findMigrations: `select 1 where to_regclass('schema_migration') is not null`,
    int: 'bigint',
    identity: 'bigint generated always as identity primary key',
    table: '',
    hotTable: ' with (fillfactor = 70)',
    keyedTable: '',
  };
  readonly events: PostgresEventTail;
  readonly #listener: PostgresListener;
  readonly #turnWriter: PostgresTurnWriter;

  static async open(url: string, poolSize: number): Promise<PostgresDialect> {
    const dialect = new PostgresDialect(await PostgresConnections.open(url, poolSize));
    try {
      await sql`select 1`.execute(dialect.db);
      return dialect;
    } catch (error) {
      await dialect.close();
      throw error;
    }
  }

  private constructor(connections: PostgresConnections) {
    this.db = new Kysely<Tables>({
      dialect: new KyselyPostgresDialect({ pool: connections.pool }),
      plugins: [new CamelCasePlugin()],
    });
    this.events = new PostgresEventTail(this.db);
    this.#listener = new PostgresListener(connections);
    this.#turnWriter = new PostgresTurnWriter(connections);
  }

  async write<T>(work: (tx: Transaction<Tables>) => Promise<T>, announce?: Announcement): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.db.transaction().execute(async (tx) => {
          const result = await work(tx);
          if (announce !== undefined) await announcing(announce).execute(tx);
          return result;
        });
      } catch (error) {
        if (!isLostRace(error) || tries === MAX_TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 2 ** tries * Math.random()));
      }
    }
  }

  commitTurn(turn: Turn): Promise<TurnResult> {
    return this.#turnWriter.write(turn);
  }

  among(column: string, values: readonly (string | number)[]): RawBuilder<boolean> {
    return sql<boolean>`${sql.ref(column)} = any(${values})`;
  }

  async oneAtATime(tx: Transaction<Tables>, name: string): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtext('tsflow'), hashtext(${name}))`.execute(tx);
  }

  async prepareMigration(tx: Transaction<Tables>): Promise<void> {
    await sql.raw(NO_STATEMENT_TIMEOUT).execute(tx);
    await sql`set local lock_timeout = 0`.execute(tx);
    await this.oneAtATime(tx, 'migrate');
  }

  async keepPartitions(now: number): Promise<void> {
    await this.write(async (tx) => {
      await this.oneAtATime(tx, 'migrate');
      await keepEventPartitions(tx, now);
    });
  }

  async claimScheduler(): Promise<boolean> {
    return false;
  }

  listen(channel: Channel, onNotify: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onNotify);
  }

  async notify(announcement: Announcement): Promise<void> {
    await announcing(announcement).execute(this.db);
  }

  async close(): Promise<void> {
    await this.#listener.close();
    await this.#turnWriter.close();
    try {
      await this.db.destroy();
    } catch (error) {
      throw postgresFailure(error);
    }
  }
}

const announcing = ({ channel, payload }: Announcement) => sql`select pg_notify(${channel}, ${payload})`;
