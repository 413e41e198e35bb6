import path from 'node:path';
import { SchedulerRunningError } from '../store-errors.ts';
import type { OpenSqlite, SqliteDatabase } from './sqlite-database.ts';
import { isBusy, sqliteFailure } from './sqlite-failure.ts';

/**
 * The place of the only scheduler of a SQLite database: an exclusive lock on a file beside it, held until `release` or until the
 * kernel frees it because the process is gone, however it went. Local file systems only.
 */
export class SchedulerLock {
  readonly #openSqlite: OpenSqlite;
  readonly #file: string;
  #held: SqliteDatabase | null = null;

  constructor(openSqlite: OpenSqlite, databaseFile: string) {
    this.#openSqlite = openSqlite;
    this.#file =
      databaseFile === ':memory:' ? ':memory:' : path.join(path.dirname(databaseFile), 'scheduler.lock.db');
  }

  /** True when it was taken now, false when this store has it already; throws, naming `whoHasIt`, when another process does. */
  async claim(whoHasIt: () => Promise<string>): Promise<boolean> {
    if (this.#held !== null) return false;
    try {
      const database = this.#openSqlite(this.#file);
      try {
        database.exec('begin exclusive');
      } catch (error) {
        database.close();
        throw error;
      }
      this.#held = database;
      return true;
    } catch (error) {
      throw isBusy(error) ? new SchedulerRunningError(await whoHasIt()) : sqliteFailure(error, this.#file);
    }
  }

  release(): void {
    this.#held?.close();
    this.#held = null;
  }
}
