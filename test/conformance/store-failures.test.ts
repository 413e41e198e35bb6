import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DatabaseError, openStore, type Store } from '@tsflow/core/store';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { effectsOf, eventRow, holdDags, runRow, turnOf } from '../support/rows.ts';
import { startSeveringProxy } from '../support/severing-proxy.ts';
import { createDatabase, type TestDatabase } from '../support/store.ts';

describe('SQLite in trouble', () => {
  let database: TestDatabase;
  let store: Store;
  let file: string;

  beforeEach(async () => {
    database = await createDatabase('sqlite');
    store = await database.open();
    file = database.url.slice('sqlite:'.length);
  });
  afterEach(() => database[Symbol.asyncDispose]());

  it('waits for other processes: eight of them write at once, and none hears of it', async () => {
    await holdDags(store, 'one', 'etl');
    const first = await store.reserveKeys(1);
    const writers = Array.from(
      { length: 8 },
      () =>
        new Promise<number | null>((resolve) => {
          const script = new URL('../support/key-taker.mjs', import.meta.url);
          fork(script, [database.url, '25'], { stdio: 'inherit' }).on('exit', resolve);
        }),
    );
    let isDone = false;
    const all = Promise.all(writers).finally(() => {
      isDone = true;
    });
    let turn = 0;
    for (; !isDone; turn++) {
      const result = await store.turns.commit(turnOf(turn, effectsOf('etl', { events: [eventRow()] })));
      expect(result.status).toBe('committed');
      await setImmediate();
    }
    expect(await all).toEqual(Array(8).fill(0));
    expect(await store.reserveKeys(1)).toBe(first + 1 + 8 * 25);
    expect(turn).toBeGreaterThan(0);
  });

  it('stops writing when its file is deleted, and makes no new one', async () => {
    await rm(file);
    await expect(store.reserveKeys(1)).rejects.toMatchObject({ code: 'database_gone', isTransient: false });
    await expect(store.turns.commit(turnOf(0))).rejects.toThrow('was deleted');
    expect(existsSync(file)).toBe(false);
  });

  it('stops writing when its file is replaced', async () => {
    await copyFile(file, `${file}.copy`);
    await rename(`${file}.copy`, file);
    await expect(store.variables.set({ key: 'a', value: '1', actor: 'ada', at: 1 })).rejects.toThrow(
      'was replaced',
    );
  });

  it('says so when the file is no database', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tsflow-store-'));
    const garbage = path.join(folder, 'garbage.db');
    await writeFile(garbage, 'This is not a database, it is a letter to a friend.'.repeat(200));
    await expect(openStore(`sqlite:${garbage}`)).rejects.toMatchObject({ code: 'database_corrupt' });
    await expect(openStore(`sqlite:${garbage}/inside.db`)).rejects.toMatchObject({
      code: 'database_refused',
    });
    await rm(folder, { recursive: true });
  });

  it.skipIf(process.getuid?.() === 0)('says so when it may not write (root may always)', async () => {
    await store.close();
    await chmod(file, 0o400);
    const readOnly = openStore(database.url).then((of) => of.reserveKeys(1));
    await expect(readOnly).rejects.toMatchObject({ code: 'database_read_only' });
  });

  it('keeps its file from others', async () => {
    const { statSync } = await import('node:fs');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('PostgreSQL in trouble', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createDatabase('postgres');
  });
  afterEach(() => database[Symbol.asyncDispose]());

  const oneRun = (key: number) =>
    effectsOf('etl', { runsInserted: [runRow(key)], events: [eventRow({ runKey: key })] });

  it.each(['before', 'after'] as const)(
    'commits once when the reply is lost and the COMMIT had been cut off %s the server heard it',
    async (when) => {
      const url = new URL(database.url);
      await using proxy = await startSeveringProxy({ host: url.hostname, port: Number(url.port) });
      url.port = String(proxy.port);
      await using store = await openStore(url.href);
      await holdDags(store, 'one', 'etl');
      expect(await store.turns.commit(turnOf(0, oneRun(1)))).toMatchObject({ status: 'committed' });
      const severed = proxy.sever('commit\0', when);
      const result = await store.turns.commit({
        ...turnOf(1, oneRun(2)),
        counters: [{ name: 'parallelism', delta: 3, limit: 4 }],
      });
      await severed;
      expect(result).toEqual({ status: 'committed', lostDags: [], counters: new Map([['parallelism', 3]]) });
      expect((await store.turns.load('etl'))?.activeRuns.map(({ key }) => key)).toEqual([1, 2]);
      expect((await store.leases.living())[0]?.turn).toBe(2);
      expect(await store.turns.commit(turnOf(2, oneRun(3)))).toMatchObject({ status: 'committed' });
    },
  );

  it('fails for the moment when its connections are cut, and goes on', async () => {
    const store = await database.open();
    await holdDags(store, 'one', 'etl');
    await store.turns.commit(turnOf(0, oneRun(1)));
    await cutConnections(database.url);
    const failed = await store.turns.commit(turnOf(1, oneRun(2))).then(
      () => null,
      (error: unknown) => error,
    );
    if (failed !== null) {
      expect(failed).toBeInstanceOf(DatabaseError);
      expect(failed).toMatchObject({ code: 'database_unavailable', isTransient: true });
      expect(await store.turns.commit(turnOf(1, oneRun(2)))).toMatchObject({ status: 'committed' });
    }
    expect((await store.turns.load('etl'))?.activeRuns).toHaveLength(2);
  });

  it('tells every listener, also after the session broke', async () => {
    const store = await database.open();
    const heard: string[] = [];
    let wake: () => void = () => undefined;
    const next = () => new Promise<void>((resolve) => (wake = resolve));
    const stop = await store.listen('tsflow_wake', (payload) => {
      heard.push(payload);
      wake();
    });
    let said = next();
    await store.notify('tsflow_wake', 'versions');
    await said;
    said = next();
    await cutConnections(database.url);
    await said;
    said = next();
    await store.variables.set({ key: 'a', value: '1', actor: 'ada', at: 1 });
    await said;
    expect(heard).toEqual(['versions', '', 'variables']);
    await stop();
  });

  it('does not skip an event whose transaction commits late', async () => {
    const store = await database.open();
    await holdDags(store, 'one', 'etl');
    const start = await store.events.latest();
    const slow = new pg.Client(database.url);
    await slow.connect();
    await slow.query('begin');
    await slow.query(`insert into event (at, type, actor) values (1, 'dag_unpaused', 'slow')`);
    await store.turns.commit(turnOf(0, effectsOf('etl', { events: [eventRow()] })));
    const held = await store.events.tail(start, 10);
    expect(held.events.filter(({ type }) => type !== 'dag_version')).toEqual([]);
    expect(held.lagging).toBe(true);
    await slow.query('commit');
    await slow.end();
    const seen: string[] = [];
    for (let cursor = held.cursor; seen.length < 2; ) {
      const page = await store.events.tail(cursor, 10);
      seen.push(...page.events.map(({ type }) => type).filter((type) => type !== 'dag_version'));
      cursor = page.cursor;
    }
    expect(seen).toEqual(['dag_unpaused', 'dag_paused']);
  });

  it('puts the events of this month and the next ones into partitions of their own', async () => {
    const store = await database.open();
    await holdDags(store, 'one', 'etl');
    await store.turns.commit(
      turnOf(0, effectsOf('etl', { events: [eventRow({ at: Date.now() }), eventRow({ at: 1 })] })),
    );
    const client = new pg.Client(database.url);
    await client.connect();
    const { rows } = await client.query('select tableoid::regclass::text as part from event order by at');
    await client.end();
    const month = new Date().toISOString().slice(0, 7).replace('-', '_');
    expect(rows.map(({ part }) => part)).toEqual(expect.arrayContaining(['event_other', `event_${month}`]));
  });

  it('says why it does not open', async () => {
    const url = new URL(database.url);
    url.password = 'wrong';
    await expect(openStore(url.href)).rejects.toMatchObject({ code: 'database_refused' });
    url.href = database.url;
    url.pathname = '/none_such';
    await expect(openStore(url.href)).rejects.toThrow('"none_such" does not exist');
    url.href = database.url;
    url.port = '1';
    await expect(openStore(url.href)).rejects.toMatchObject({
      code: 'database_unavailable',
      isTransient: true,
    });
  });
});

async function cutConnections(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  await client.end();
}
