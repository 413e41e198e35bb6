import type { Connection } from '../connections/index.ts';
import { InvalidInputError, TsflowError } from '../errors.ts';
import type { Json } from '../json.ts';

/** Thrown when a task needs a driver that the project has not installed. */
export class MissingDriverError extends TsflowError {
  constructor(name: string, cause: unknown) {
    super('missing_driver', `A task asks a database and needs ${name}. Install it: npm install ${name}`, {
      cause,
    });
  }
}

type Value = string | number | boolean | null;

/** The first column of the first row that a statement gives; null: there is none. Opens a connection and closes it again. */
export async function queryDatabase(
  connection: Connection,
  sql: string,
  parameters: readonly Value[],
): Promise<Json> {
  switch (connection.type) {
    case 'postgres':
    case 'postgresql':
      return queryPostgres(connection, sql, parameters);
    case 'sqlite':
      return querySqlite(connection, sql, parameters);
    default:
      throw new InvalidInputError(
        `Connection "${connection.connectionId}" is of type ${connection.type}: expected postgres or sqlite.`,
      );
  }
}

async function queryPostgres(
  { host, port, login, password, schema, extra }: Connection,
  sql: string,
  parameters: readonly Value[],
): Promise<Json> {
  const { default: pg } = await driver<PostgresDriver>('pg');
  const client = new pg.Client({
    ...extra,
    ...(host === null ? {} : { host }),
    ...(port === null ? {} : { port }),
    ...(login === null ? {} : { user: login }),
    ...(password === null ? {} : { password }),
    ...(schema === null ? {} : { database: schema }),
  });
  // One that is lost between two statements fails the next one; nobody else has to hear of it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, values: [...parameters], rowMode: 'array' });
    return asJson(rows[0]?.[0]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function querySqlite(
  { host, schema }: Connection,
  sql: string,
  parameters: readonly Value[],
): Promise<Json> {
  const { default: Database } = await driver<SqliteDriver>('better-sqlite3');
  const database = new Database(schema ?? host ?? '', { readonly: true, fileMustExist: true });
  try {
    const bound = parameters.map((value) => (typeof value === 'boolean' ? Number(value) : value));
    return asJson(
      database
        .prepare(sql)
        .raw()
        .get(...bound),
    );
  } finally {
    database.close();
  }
}

function asJson(found: unknown): Json {
  const value: unknown = Array.isArray(found) ? found[0] : found;
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'bigint' ? value.toString() : (value as Json);
}

/** What is used of `pg`. Written down here, since also the import of a type would tie every DAG file to the package. */
interface PostgresDriver {
  readonly default: {
    readonly Client: new (
      config: object,
    ) => {
      on(event: 'error', listener: () => void): void;
      connect(): Promise<unknown>;
      query(query: object): Promise<{ readonly rows: readonly (readonly unknown[])[] }>;
      end(): Promise<void>;
    };
  };
}

/** The same of `better-sqlite3`. */
interface SqliteDriver {
  readonly default: new (
    path: string,
    options: object,
  ) => {
    prepare(sql: string): { raw(): { get(...values: readonly Value[]): unknown } };
    close(): void;
  };
}

/** Loaded when a task asks: importing @tsflow/core, which every DAG file does, loads no driver. */
async function driver<Module>(name: string): Promise<Module> {
  try {
    return (await import(name)) as Module;
  } catch (error) {
    throw new MissingDriverError(name, error);
  }
}
