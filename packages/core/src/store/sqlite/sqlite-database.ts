import { DatabaseError } from '../store-errors.ts';
import type { SqlValue } from '../turn-rows.ts';

/** One connection to a SQLite file, synchronous. What tsflow needs of better-sqlite3 and of node:sqlite, in the same words. */
export interface SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): void;
  readonly inTransaction: boolean;
  close(): void;
}

export interface SqliteStatement {
  /** Writes; returns how many rows changed. `values` is only read during the call. */
  run(values: readonly unknown[]): number;
  all(values: readonly unknown[]): Record<string, SqlValue>[];
  /** Does it return rows? */
  readonly returnsRows: boolean;
}

export type OpenSqlite = (path: string) => SqliteDatabase;

/**
 * Loads a driver: better-sqlite3, or node:sqlite where its binding is missing or was built for another Node. Both have no busy
 * handler here: it would block the event loop, so waiting is done by timers above.
 */
export async function loadSqlite(): Promise<OpenSqlite> {
  try {
    return await loadBetterSqlite();
  } catch (error) {
    const fallback = await loadNodeSqlite();
    if (fallback !== null) return fallback;
    throw new DatabaseError(
      'driver_missing',
      `better-sqlite3 does not load (${firstLine(error)}). Run "npm rebuild better-sqlite3", or use Node 22.13 or later, ` +
        'which has SQLite inside.',
      { cause: error },
    );
  }
}

async function loadBetterSqlite(): Promise<OpenSqlite> {
  const { default: Database } = await import('better-sqlite3');
  // The binding is loaded by the first connection, not by the import.
  new Database(':memory:').close();
  return (path) => {
    const database = new Database(path, { timeout: 0 });
    return {
      prepare(sql) {
        const statement = database.prepare<unknown[], Record<string, SqlValue>>(sql);
        return {
          run: (values) => statement.run(values as unknown[]).changes,
          all: (values) => statement.all(values as unknown[]),
          returnsRows: statement.reader,
        };
      },
      exec: (sql) => void database.exec(sql),
      get inTransaction() {
        return database.inTransaction;
      },
      close: () => void database.close(),
    };
  };
}

/** Null where this Node has none: `node:sqlite` needs no flag since 22.13. */
export async function loadNodeSqlite(): Promise<OpenSqlite | null> {
  const { DatabaseSync } = await withoutWarning(() => importNodeSqlite());
  if (DatabaseSync === undefined) return null;
  return (path) => {
    const database = new DatabaseSync(path);
    database.exec('pragma busy_timeout = 0');
    let open = false;
    return {
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          run: (values) => Number(statement.run(...(values as SqlValue[])).changes),
          all: (values) => statement.all(...(values as SqlValue[])),
          returnsRows: /^\s*(select|with|pragma|explain)\b|\breturning\b/i.test(sql),
        };
      },
      exec(sql) {
        database.exec(sql);
        // It has no `inTransaction` before Node 24; every begin and end of ours goes through here.
        if (/^begin\b/i.test(sql)) open = true;
        else if (/^(commit|rollback)$/i.test(sql)) open = false;
      },
      get inTransaction() {
        return open;
      },
      close: () => database.close(),
    };
  };
}

/** The part of `node:sqlite` that is used; typed here since Node 20 has no types for it. */
interface NodeSqlite {
  readonly DatabaseSync?: new (
    path: string,
  ) => {
    prepare(sql: string): {
      run(...values: SqlValue[]): { changes: number | bigint };
      all(...values: SqlValue[]): Record<string, SqlValue>[];
    };
    exec(sql: string): void;
    close(): void;
  };
}

async function importNodeSqlite(): Promise<NodeSqlite> {
  // By a variable, so that neither bundlers nor the compiler of Node 20 look for it.
  const name = 'node:sqlite';
  try {
    return (await import(name)) as NodeSqlite;
  } catch {
    return {};
  }
}

/** Importing `node:sqlite` prints that it is experimental; the fallback was chosen knowingly. */
async function withoutWarning<T>(work: () => Promise<T>): Promise<T> {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => undefined;
  try {
    return await work();
  } finally {
    process.emitWarning = emitWarning;
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0]!;
}
