import { chmodSync, closeSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { Mutex } from '../mutex.ts';
import { DatabaseError } from '../store-errors.ts';
import type { OpenSqlite, SqliteDatabase } from './sqlite-database.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

/** How long a caller waits for another process's lock before it hears of it. */
const BUSY_DEADLINE_MS = 10_000;

/**
 * The two connections of a process to one SQLite file: a writer behind a mutex, and a reader that never waits for it (WAL). In
 * memory there is one connection, so reads queue behind writes.
 */
export class SqliteConnections {
  readonly path: string;
  readonly writer: SqliteDatabase;
  readonly reader: SqliteDatabase;
  readonly mutex = new Mutex();
  readonly #opened: Stats | null;
  #isClosed = false;

  static async open(
    openSqlite: OpenSqlite,
    file: string,
    synchronous: 'full' | 'normal',
  ): Promise<SqliteConnections> {
    const inMemory = file === ':memory:';
    if (!inMemory) createPrivately(file);
    const open = () => connect(openSqlite, file, synchronous);
    const writer = await untilFree(file, open);
    if (inMemory) return new SqliteConnections(file, writer, writer, null);
    try {
      const reader = await untilFree(file, open);
      reader.exec('pragma query_only = on');
      return new SqliteConnections(file, writer, reader, statSync(file));
    } catch (error) {
      writer.close();
      throw sqliteFailure(error, file);
    }
  }

  private constructor(file: string, writer: SqliteDatabase, reader: SqliteDatabase, opened: Stats | null) {
    this.path = file;
    this.writer = writer;
    this.reader = reader;
    this.#opened = opened;
  }

  get isShared(): boolean {
    return this.writer === this.reader;
  }

  /** Takes the write lock of the file; the caller holds the mutex. Waits by timers while another process has it. */
  async begin(): Promise<void> {
    await untilFree(this.path, () => this.beginNow());
  }

  /** The same at once; throws SQLITE_BUSY. */
  beginNow(): void {
    this.#assertOpen();
    this.#assertSameFile();
    this.writer.exec('begin immediate');
  }

  commit(): void {
    this.writer.exec('commit');
  }

  /** Safe when SQLite has already rolled back, as it does by itself after some failures. */
  rollback(): void {
    if (!this.writer.inTransaction) return;
    try {
      this.writer.exec('rollback');
    } catch (error) {
      if (this.writer.inTransaction) throw error;
    }
  }

  /** Runs a single statement, waiting by timers for a lock of another process. */
  async attempt<T>(work: () => T): Promise<T> {
    this.#assertOpen();
    return untilFree(this.path, work);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (!this.isShared) this.reader.close();
    this.writer.close();
  }

  #assertOpen(): void {
    if (!this.#isClosed) return;
    throw new DatabaseError('database_unavailable', `The store on ${this.path} was closed.`);
  }

  /** A file that was deleted or replaced goes on to take writes that nobody will ever read: noticed here, before each of them. */
  #assertSameFile(): void {
    if (this.#opened === null) return;
    const now = statSync(this.path, { throwIfNoEntry: false });
    if (now !== undefined && now.ino === this.#opened.ino && now.dev === this.#opened.dev) return;
    throw new DatabaseError(
      'database_gone',
      `${this.path} was ${now === undefined ? 'deleted' : 'replaced'} while tsflow was running. Nothing more is written. ` +
        'Restore the file, then restart.',
    );
  }
}

/** Calls `work` until no other process is in its way, for up to ten seconds. Failures come out in the store's words. */
export async function untilFree<T>(file: string, work: () => T): Promise<T> {
  const deadline = performance.now() + BUSY_DEADLINE_MS;
  for (let delayMs = 0.5; ; delayMs = Math.min(delayMs * 2, 25)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw sqliteFailure(error, file);
      await new Promise((resolve) => setTimeout(resolve, delayMs * (0.5 + Math.random())));
    }
  }
}

function connect(openSqlite: OpenSqlite, file: string, synchronous: 'full' | 'normal'): SqliteDatabase {
  const database = openSqlite(file);
  try {
    if (file !== ':memory:') database.exec('pragma journal_mode = wal');
    // FULL loses nothing in a power cut; better-sqlite3's default in WAL would be NORMAL.
    database.exec(`pragma synchronous = ${synchronous}`);
    database.exec('pragma cache_size = -65536');
    database.exec('pragma temp_store = memory');
    // 32 MB: above what the checkpointer leaves behind, so that it seldom happens inside a commit.
    database.exec('pragma wal_autocheckpoint = 8000');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The database holds Variables and password hashes: nobody but its owner reads it. */
function createPrivately(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    if (statSync(file, { throwIfNoEntry: false }) !== undefined) return;
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
  } catch (error) {
    throw new DatabaseError(
      'database_refused',
      `${file} cannot be created: ${(error as Error).message}. Check the permissions of its folder.`,
      { cause: error },
    );
  }
}
