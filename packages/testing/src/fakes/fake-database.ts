import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSql, type SqlResult, type SqlRow, type SqlValue } from '@tsflow/core';
import { testConnection } from '../test-connections.ts';
import type { FakeConnection, OpenFake } from './fake-connection.ts';

/** A database of a test. Made by {@link fakeDatabase}. */
export class FakeDatabase implements FakeConnection, AsyncDisposable {
  readonly #setup: string;
  #folder: string | null = null;

  constructor(setup: string) {
    this.#setup = setup;
  }

  /** Rows of a query; placeholders are `$1`, `$2`, …. */
  async rows(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return (await this.run(sql, parameters)).rows;
  }

  /** Runs a statement, or several that take no parameters. */
  async run(sql: string, parameters?: readonly SqlValue[]): Promise<SqlResult> {
    return this.#runOn(await this.#file(), sql, parameters);
  }

  async open(): Promise<OpenFake> {
    return { connection: connectionOf(await this.#file()), close: async () => undefined };
  }

  /** Removes it; without this it is gone when the process ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== null) remove(this.#folder);
    this.#folder = null;
  }

  async #file(): Promise<string> {
    if (this.#folder !== null) return join(this.#folder, 'fake.db');
    this.#folder = mkdtempSync(join(tmpdir(), 'tsflow-database-'));
    removeAtExit(this.#folder);
    const file = join(this.#folder, 'fake.db');
    if (this.#setup !== '') await this.#runOn(file, this.#setup);
    return file;
  }

  async #runOn(file: string, sql: string, parameters?: readonly SqlValue[]): Promise<SqlResult> {
    const client = await openSql(testConnection('fake', connectionOf(file)));
    try {
      return await client.run(sql, parameters);
    } finally {
      await client.close();
    }
  }
}

/**
 * A database of SQLite for a connection of the test, whatever type that has in production: operators, checks and sensors run their own
 * statements on it. It keeps what they did, also from one run to the next.
 *
 * ```ts
 * const warehouse = fakeDatabase(`create table sales (day text, amount integer); insert into sales values ('2026-03-01', 5)`);
 * const run = await runDag(dag, { connections: { warehouse } });
 * expect(await warehouse.rows('select * from totals')).toEqual([{ day: '2026-03-01', amount: 5 }]);
 * ```
 *
 * @param setup statements that are run before its first use
 */
export function fakeDatabase(setup = ''): FakeDatabase {
  return new FakeDatabase(setup);
}

const connectionOf = (path: string) => ({ type: 'sqlite', schema: path });

const leftovers = new Set<string>();

function removeAtExit(folder: string): void {
  if (leftovers.size === 0) process.once('exit', () => [...leftovers].forEach(remove));
  leftovers.add(folder);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
