import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, FileSensor, HttpSensor, SqlSensor, type TaskContext } from '@tsflow/core';
import { openStore } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { createDatabase, DATABASES } from '../support/store.ts';

/** What one look of the built-in sensors says: there (with its value), not yet (null), or an error. */

const context = (connection: Partial<Connection> = {}) =>
  ({
    dagDirectory: tmpdir(),
    signal: new AbortController().signal,
    log: { debug: () => undefined },
    connections: {
      get: async (): Promise<Connection> => ({
        connectionId: 'db',
        type: 'sqlite',
        host: null,
        port: null,
        login: null,
        password: null,
        schema: null,
        extra: {},
        ...connection,
      }),
    },
  }) as unknown as TaskContext;

describe('FileSensor', () => {
  it('sees files that are large enough, and folders', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tsflow-file-'));
    writeFileSync(join(folder, 'empty'), '');
    const sensor = new FileSensor({ taskId: 'file', path: 'unused' });
    const look = (path: string, minBytes = 0) =>
      sensor.poke(context(), { path: join(folder, path), minBytes });
    expect(await look('empty')).toBe(join(folder, 'empty'));
    expect(await look('empty', 1)).toBeNull();
    expect(await look('absent')).toBeNull();
    expect(await look('empty/below')).toBeNull();
    expect(await look('.')).toBe(folder);
    rmSync(folder, { recursive: true });
  });
});

describe('HttpSensor', () => {
  it.each<[number, unknown]>([
    [200, true],
    [204, true],
    [404, null],
    [500, null],
    [503, null],
    [401, 'error'],
    [301, 'error'],
  ])('reads status %i as %s', async (status, expected) => {
    const server = createServer((_request, response) => response.writeHead(status).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const look = new HttpSensor({ taskId: 'http', url }).poke(context(), { url });
    if (expected === 'error') await expect(look).rejects.toThrow(`status ${status}`);
    else expect(await look).toBe(expected);
    server.close();
  });

  it('waits for a server that is not there, and lets the author judge a response', async () => {
    const gone = 'http://127.0.0.1:1/';
    expect(await new HttpSensor({ taskId: 'http', url: gone }).poke(context(), { url: gone })).toBeNull();
    const server = createServer((_request, response) => response.end('{"rows":3}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const responseCheck = async (response: Response) => ((await response.json()) as { rows: number }).rows;
    const sensor = new HttpSensor<number>({ taskId: 'http', url, responseCheck });
    expect(await sensor.poke(context(), { url, responseCheck })).toBe(3);
    server.close();
  });
});

describe.each(DATABASES)('SqlSensor on %s', (dialect) => {
  it('is satisfied by the first value that says yes', async () => {
    await using database = await createDatabase(dialect);
    await (await openStore(database.url)).close();
    const url = dialect === 'sqlite' ? null : new URL(database.url);
    const connection: Partial<Connection> =
      url === null
        ? { type: 'sqlite', schema: database.url.slice('sqlite:'.length) }
        : {
            type: 'postgres',
            host: url.searchParams.get('host') ?? url.hostname,
            port: url.port === '' ? null : Number(url.port),
            login: decodeURIComponent(url.username),
            password: decodeURIComponent(url.password),
            schema: url.pathname.slice(1),
          };
    const mark = dialect === 'sqlite' ? '$1' : '$1::int';
    const sensor = new SqlSensor({ taskId: 'sql', connectionId: 'db', sql: 'unused' });
    const look = (sql: string, parameters: readonly number[] = []) =>
      sensor.poke(context(connection), { connectionId: 'db', sql, parameters });
    expect(await look('select count(*) from pool')).toEqual(dialect === 'sqlite' ? 1 : '1');
    expect(await look('select count(*) from dag')).toBeNull();
    expect(await look('select null')).toBeNull();
    expect(await look(`select name from pool where slots = ${mark}`, [128])).toBe('default_pool');
    expect(await look(`select name from pool where slots = ${mark}`, [1])).toBeNull();
    await expect(look('select nothing from nowhere')).rejects.toThrow();
  });
});

it('SqlSensor says which types of connection it knows', async () => {
  const sensor = new SqlSensor({ taskId: 'sql', connectionId: 'db', sql: 'select 1' });
  const look = sensor.poke(context({ type: 'oracle' }), { connectionId: 'db', sql: 'select 1' });
  await expect(look).rejects.toThrow('spoken with postgres and sqlite');
});
