import { isAbsolute } from 'node:path';
import type { Connection } from '../connections/connection.ts';
import { errorMessage, InvalidInputError, TsflowError } from '../errors.ts';

/** A value as both databases take and give it. */
export type SqlValue = string | number | boolean | null;

/** A row by the names of its columns. Values are as the driver gives them: check them, with zod for one. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** What one statement gave. */
export interface SqlResult {
  /** What a query gave; empty for other statements. */
  readonly rows: readonly SqlRow[];
  /** Rows that the statement inserted, changed or deleted. */
  readonly changes: number;
}

/** One connection to a database of the author, for the length of an attempt. Placeholders are `$1`, `$2`, … on each of them. */
export interface SqlClient {
  /** Runs one statement, or several without `parameters`. */
  run(sql: string, parameters?: readonly SqlValue[]): Promise<SqlResult>;
  /** Gives the connection back to the database. */
  close(): Promise<void>;
}

/** Thrown when a database cannot be reached, or its driver is not installed. */
export class SqlConnectionError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('sql_connection', message, options);
  }
}

/** Options of {@link openSql}. */
export interface SqlClientOptions {
  /** Longest time for one statement, in milliseconds, on PostgreSQL. Default null: none. */
  readonly statementTimeoutMs?: number | null;
}

/**
 * Opens the database of a connection, for tasks that do more with it than one statement: `postgres` (or `postgresql`), or `sqlite` with
 * an absolute path. Close it in a `finally`. Throws {@link SqlConnectionError}, and `InvalidInputError` for another type.
 *
 * ```ts
 * const client = await openSql(await context.connections.get('warehouse'));
 * ```
 */
export async function openSql(connection: Connection, options: SqlClientOptions = {}): Promise<SqlClient> {
  const { type, connectionId } = connection;
  if (type === 'postgres' || type === 'postgresql') return openPostgres(connection, options);
  if (type === 'sqlite') return openSqlite(connection);
  throw new InvalidInputError(
    `Connection "${connectionId}" is of type "${type}": SQL is spoken with postgres and sqlite.`,
  );
}

/** What tsflow uses of pg. */
interface PostgresLibrary {
  readonly Client: new (
    options: object,
  ) => {
    connect(): Promise<void>;
    query(sql: string, parameters?: unknown[]): Promise<PostgresReply | PostgresReply[]>;
    end(): Promise<void>;
  };
}
interface PostgresReply {
  readonly rows: SqlRow[];
  readonly rowCount: number | null;
}

const CONNECT_TIMEOUT_MS = 10_000;

async function openPostgres(connection: Connection, options: SqlClientOptions): Promise<SqlClient> {
  const { host, port, login, password, schema, extra } = connection;
  const pg = await load<PostgresLibrary>('pg');
  const client = new pg.Client({
    host: host ?? 'localhost',
    port: port ?? 5432,
    user: login ?? undefined,
    password: password ?? undefined,
    database: schema ?? undefined,
    ssl:
      typeof extra.sslmode === 'string' && extra.sslmode !== 'disable'
        ? { rejectUnauthorized: extra.sslmode.startsWith('verify') }
        : undefined,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: options.statementTimeoutMs ?? undefined,
    application_name: 'tsflow task',
  });
  try {
    await client.connect();
  } catch (error) {
    throw new SqlConnectionError(
      `${host ?? 'localhost'}:${port ?? 5432} (connection "${connection.connectionId}"): ${errorMessage(error)}.`,
      { cause: error },
    );
  }
  return {
    async run(sql, parameters = []) {
      // Without parameters several statements may stand in one text; the last one's rows count.
      const reply = await (parameters.length === 0 ? client.query(sql) : client.query(sql, [...parameters]));
      const last = Array.isArray(reply) ? reply.at(-1)! : reply;
      return { rows: last.rows, changes: last.rowCount ?? 0 };
    },
    close: () => client.end(),
  };
}

/** What tsflow uses of better-sqlite3. */
type SqliteLibrary = new (
  path: string,
  options: object,
) => {
  prepare(sql: string): {
    readonly reader: boolean;
    all(...parameters: unknown[]): SqlRow[];
    run(...parameters: unknown[]): { readonly changes: number };
  };
  exec(sql: string): void;
  close(): void;
};

async function openSqlite({ connectionId, host, schema, extra }: Connection): Promise<SqlClient> {
  const path = typeof extra.path === 'string' ? extra.path : (schema ?? host ?? '');
  if (!isAbsolute(path) && path !== ':memory:') {
    throw new InvalidInputError(
      `Connection "${connectionId}": the file of SQLite needs an absolute path, such as sqlite:/data/sales.db, got "${path}".`,
    );
  }
  const { default: Database } = await load<{ default: SqliteLibrary }>('better-sqlite3', false);
  const database = new Database(path, { timeout: CONNECT_TIMEOUT_MS });
  return {
    async run(sql, parameters = []) {
      const named = Object.fromEntries(parameters.map((value, i) => [String(i + 1), plain(value)]));
      const bound = parameters.length === 0 ? [] : [named];
      let statement: ReturnType<typeof database.prepare>;
      try {
        statement = database.prepare(sql);
      } catch (error) {
        // Several statements in one text: they take no parameters.
        if (parameters.length > 0 || !errorMessage(error).includes('more than one statement')) throw error;
        database.exec(sql);
        return { rows: [], changes: 0 };
      }
      if (statement.reader) return { rows: statement.all(...bound), changes: 0 };
      return { rows: [], changes: statement.run(...bound).changes };
    },
    async close() {
      database.close();
    },
  };
}

const plain = (value: SqlValue): string | number | null =>
  typeof value === 'boolean' ? Number(value) : value;

/** By a name that is no literal: a DAG file imports this package without a database. */
async function load<Library>(name: string, unwrap = true): Promise<Library> {
  try {
    const library = (await import(name)) as { default: Library } & Library;
    return unwrap ? library.default : library;
  } catch (error) {
    throw new SqlConnectionError(`This connection needs the package ${name}: npm install ${name}.`, {
      cause: error,
    });
  }
}
