import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
  SelectQueryNode,
  type TransactionSettings,
} from 'kysely';
import type { SqliteConnections } from './sqlite-connections.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-failure.ts';

/** Prepared statements kept for each connection; queries for people come in a bounded number of shapes. */
const MAX_STATEMENTS = 300;

/**
 * kysely over the two connections. A select outside a transaction goes to the reader at once; everything else waits for the writer,
 * and a transaction is always BEGIN IMMEDIATE: a deferred one that reads first and writes later fails whatever the timeout.
 */
export class SqliteDriver implements Driver {
  readonly #connections: SqliteConnections;
  readonly #statements = new Map<SqliteDatabase, Map<string, SqliteStatement>>();

  constructor(connections: SqliteConnections) {
    this.#connections = connections;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteSession> {
    return new SqliteSession(this.#connections, this.#statements);
  }

  async beginTransaction(connection: DatabaseConnection, _settings: TransactionSettings): Promise<void> {
    await (connection as SqliteSession).begin();
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    (connection as SqliteSession).commit();
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    (connection as SqliteSession).rollback();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as SqliteSession).release();
  }

  async destroy(): Promise<void> {
    this.#statements.clear();
  }
}

/** What one caller of kysely has between acquire and release. */
class SqliteSession implements DatabaseConnection {
  readonly #connections: SqliteConnections;
  readonly #statements: Map<SqliteDatabase, Map<string, SqliteStatement>>;
  #unlock: (() => void) | null = null;

  constructor(connections: SqliteConnections, statements: Map<SqliteDatabase, Map<string, SqliteStatement>>) {
    this.#connections = connections;
    this.#statements = statements;
  }

  async begin(): Promise<void> {
    const unlock = await this.#connections.mutex.lock();
    try {
      await this.#connections.begin();
      this.#unlock = unlock;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  commit(): void {
    try {
      this.#connections.commit();
    } catch (error) {
      throw sqliteFailure(error, this.#connections.path);
    }
  }

  rollback(): void {
    this.#connections.rollback();
  }

  release(): void {
    if (this.#unlock !== null && this.#connections.writer.inTransaction) this.#connections.rollback();
    this.#unlock?.();
    this.#unlock = null;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { path, writer, reader, isShared } = this.#connections;
    if (this.#unlock !== null) {
      try {
        return this.#run(writer, query);
      } catch (error) {
        throw sqliteFailure(error, path);
      }
    }
    if (!isShared && isRead(query)) return this.#connections.attempt(() => this.#run(reader, query));
    if (isRead(query)) return this.#alone(() => this.#connections.attempt(() => this.#run(writer, query)));
    await this.begin();
    try {
      const result = await this.executeQuery<R>(query);
      this.commit();
      return result;
    } finally {
      this.release();
    }
  }

  /** At once: a cursor that stays open across other queries would keep the connection busy. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  #run<R>(database: SqliteDatabase, query: CompiledQuery): QueryResult<R> {
    const statement = this.#prepare(database, query.sql);
    if (statement.returnsRows) return { rows: statement.all(query.parameters) as R[] };
    return { rows: [], numAffectedRows: BigInt(statement.run(query.parameters)) };
  }

  #prepare(database: SqliteDatabase, sql: string): SqliteStatement {
    const kept = this.#statements.get(database) ?? new Map<string, SqliteStatement>();
    this.#statements.set(database, kept);
    const known = kept.get(sql);
    if (known !== undefined) return known;
    const statement = database.prepare(sql);
    if (kept.size >= MAX_STATEMENTS) kept.delete(kept.keys().next().value!);
    kept.set(sql, statement);
    return statement;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const unlock = await this.#connections.mutex.lock();
    try {
      return await work();
    } finally {
      unlock();
    }
  }
}

const isRead = (query: CompiledQuery) =>
  SelectQueryNode.is(query.query) || /^\s*(select|explain)\b/i.test(query.sql);
