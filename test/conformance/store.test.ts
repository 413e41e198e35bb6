import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { NotFoundError } from '@tsflow/core/errors';
import { askDag, type EventTable, openStore, type Store, wakeSchedulers } from '@tsflow/core/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AT, effectsOf, eventRow, holdDags, parsedFile, registerScheduler, turnOf } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';

const intentFor = (dagId: string, changes: object = {}) => ({
  dagId,
  kind: 'pause',
  payload: '{"isPaused":true}',
  actor: 'ada',
  requestedAt: AT,
  idempotencyKey: null,
  ...changes,
});

/**
 * Tails until `count` events came: on PostgreSQL an event shows once every older transaction has ended, those of other test files
 * on the same server included.
 */
async function tailUntil(
  store: Store,
  cursor: string | null,
  count: number,
  pageSize = 100,
): Promise<readonly EventTable[]> {
  const events: EventTable[] = [];
  for (let from = cursor; events.length < count; ) {
    const page = await store.events.tail(from, pageSize);
    events.push(...page.events);
    from = page.cursor;
  }
  return events;
}

describe.each(DATABASES)('the store on %s', (dialect) => {
  let database: TestDatabase;
  let store: Store;

  beforeEach(async () => {
    database = await createDatabase(dialect);
    store = await database.open();
  });
  afterEach(() => database[Symbol.asyncDispose]());

  it('hands out blocks of keys, each once, also to several processes', async () => {
    const other = await database.open();
    const blocks = await Promise.all(
      Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : other).reserveKeys(100)),
    );
    expect(new Set(blocks).size).toBe(20);
    expect(blocks.every((first) => (first - blocks[0]!) % 100 === 0)).toBe(true);
    await expect(store.reserveKeys(0)).rejects.toThrow('whole number');
  });

  describe('leases', () => {
    it('divides DAGs among two schedulers and gives each to one', async () => {
      await holdDags(store, 'one', 'a', 'b', 'c', 'd');
      await store.leases.release('one', ['b', 'd']);
      await registerScheduler(store, 'two');
      expect((await store.leases.acquire('two', 1)).map(({ dagId, epoch }) => [dagId, epoch])).toEqual([
        ['b', 2],
      ]);
      expect((await store.leases.acquire('two', 9)).map(({ dagId }) => dagId)).toEqual(['d']);
      expect(await store.leases.acquire('two', 9)).toEqual([]);
      expect((await store.turns.load('a'))?.dag).toMatchObject({ holder: 'one', epoch: 1 });
      await store.leases.release('two', ['a']);
      expect((await store.turns.load('a'))?.dag.holder).toBe('one');
    });

    it('never gives a DAG to two that ask at once', async () => {
      await holdDags(store, 'zero', ...Array.from({ length: 30 }, (_, i) => `dag-${i}`));
      await store.leases.retire('zero', 0, AT);
      await registerScheduler(store, 'one');
      await registerScheduler(store, 'two');
      const taken = await Promise.all(
        Array.from({ length: 12 }, (_, i) => store.leases.acquire(i % 2 === 0 ? 'one' : 'two', 4)),
      );
      const ids = taken.flat().map(({ dagId }) => dagId);
      expect(new Set(ids).size).toBe(ids.length);
      // What a skipped lock left over is there for the next one.
      ids.push(...(await store.leases.acquire('one', 30)).map(({ dagId }) => dagId));
      expect(ids).toHaveLength(30);
    });

    it('beats, and retires a scheduler whose beat stands still', async () => {
      await holdDags(store, 'one', 'a');
      await registerScheduler(store, 'two');
      expect(await store.leases.beat('one', AT)).toBe(true);
      expect((await store.leases.living()).map(({ id, beat }) => [id, beat])).toEqual(
        expect.arrayContaining([
          ['one', 1],
          ['two', 0],
        ]),
      );
      expect(await store.leases.retire('one', 0, AT)).toBe(false);
      expect(await store.leases.retire('one', 1, AT)).toBe(true);
      expect(await store.leases.retire('one', 1, AT)).toBe(false);
      expect(await store.leases.beat('one', AT)).toBe(false);
      expect(await store.leases.acquire('one', 5)).toEqual([]);
      expect((await store.leases.acquire('two', 5)).map(({ dagId, epoch }) => [dagId, epoch])).toEqual([
        ['a', 2],
      ]);
      expect((await store.leases.living()).map(({ id }) => id)).toEqual(['two']);
    });

    it('refuses one id twice', async () => {
      await registerScheduler(store, 'one');
      await expect(registerScheduler(store, 'one')).rejects.toMatchObject({ code: 'conflict' });
    });
  });

  describe('catalog', () => {
    const record = (at: number, pass: Partial<Parameters<Store['catalog']['record']>[0]>) =>
      store.catalog.record({ at, parsed: [], failed: [], removed: [], ...pass });

    it('numbers versions, keeps state, and follows a DAG through its file', async () => {
      const first = parsedFile(
        'etl.ts',
        serializedDag('etl', {}, { pausedUponCreation: true }),
        serializedDag('old'),
      );
      await record(AT, { parsed: [first] });
      const second = parsedFile(
        'etl.ts',
        serializedDag('etl', {}, { description: 'newer', tags: ['b', 'a'] }),
      );
      await record(AT + 1, { parsed: [second] });
      const { version } = second.dags[0]!;
      expect(await store.catalog.version(version)).toMatchObject({
        number: 2,
        dagId: 'etl',
        file: 'etl.ts',
        createdAt: AT + 1,
      });
      expect(await store.catalog.serialized(version)).toEqual(second.dags[0]!.serialized);
      expect(await store.catalog.serialized('none such')).toBeNull();
      expect(await store.catalog.versionFiles('bundle of etl.ts')).toEqual([
        { path: 'dag.mjs', content: '// bundled' },
      ]);
      const dags = await store.db.selectFrom('dag').selectAll().orderBy('dagId').execute();
      expect(dags).toMatchObject([
        {
          dagId: 'etl',
          currentVersion: version,
          isPaused: 1,
          isStale: 0,
          tags: '["b","a"]',
          description: 'newer',
        },
        { dagId: 'old', isStale: 1 },
      ]);
      expect(await store.catalog.files()).toMatchObject([
        { path: 'etl.ts', dagIds: '["etl"]', parsedAt: AT + 1, parseMs: 12 },
      ]);
      // The version it had before comes back under its number.
      await record(AT + 2, { parsed: [first] });
      expect(await store.catalog.version(first.dags[0]!.version)).toMatchObject({ number: 1 });
    });

    it('moves a DAG to another file and forgets a file that is gone', async () => {
      await record(AT, { parsed: [parsedFile('a.ts', serializedDag('x'), serializedDag('y'))] });
      await record(AT + 1, { parsed: [parsedFile('b.ts', serializedDag('x'))], removed: ['a.ts'] });
      expect(
        await store.db.selectFrom('dag').select(['dagId', 'file', 'isStale']).orderBy('dagId').execute(),
      ).toEqual([
        { dagId: 'x', file: 'b.ts', isStale: 0 },
        { dagId: 'y', file: 'a.ts', isStale: 1 },
      ]);
      expect((await store.catalog.files()).map(({ path }) => path)).toEqual(['b.ts']);
    });

    it('keeps since when a file fails, and says when it is mended', async () => {
      const failure = {
        file: 'a.ts',
        kind: 'syntax',
        message: 'no',
        line: 3,
        column: 7,
        codeFrame: null,
        stack: null,
      };
      await record(AT, { failed: [failure] });
      await record(AT + 5, { failed: [failure] });
      expect(await store.catalog.importErrors()).toEqual([{ ...failure, since: AT, seenAt: AT + 5 }]);
      await record(AT + 9, { parsed: [parsedFile('a.ts', serializedDag('x'))] });
      expect(await store.catalog.importErrors()).toEqual([]);
      expect((await tailUntil(store, null, 3)).map(({ type }) => type)).toEqual([
        'import_error',
        'dag_version',
        'import_error_fixed',
      ]);
    });

    it('takes a pass whole or not at all', async () => {
      const bad = parsedFile('b.ts', serializedDag('b', {}, { description: 'a\0b' }));
      await expect(
        record(AT, { parsed: [parsedFile('a.ts', serializedDag('a')), bad] }),
      ).rejects.toMatchObject({
        code: 'content_refused',
      });
      expect(await store.catalog.files()).toEqual([]);
    });
  });

  describe('intents', () => {
    beforeEach(() => holdDags(store, 'one', 'etl', 'report'));

    it('lists what is pending, oldest first, of the DAGs asked for', async () => {
      const ids: number[] = [];
      for (const dagId of ['etl', 'report', 'etl']) ids.push(await store.intents.submit(intentFor(dagId)));
      expect((await store.intents.pending(['etl'], 10)).map(({ id }) => id)).toEqual([ids[0], ids[2]]);
      expect((await store.intents.pending(['etl', 'report'], 2)).map(({ id }) => id)).toEqual([
        ids[0],
        ids[1],
      ]);
      expect(await store.intents.pending([], 10)).toEqual([]);
      expect((await store.intents.pending(null, 10)).map(({ id }) => id)).toEqual(ids);
      expect(await store.intents.get(ids[0]!)).toEqual({
        id: ids[0],
        ...intentFor('etl'),
        state: 'pending',
        result: null,
        decidedAt: null,
      });
    });

    it('takes one request for one idempotency key, also at the same moment', async () => {
      const other = await database.open();
      const keyed = intentFor('etl', { idempotencyKey: 'retry-me' });
      const ids = await Promise.all([store, other, store, other].map((of) => of.intents.submit(keyed)));
      expect(new Set(ids).size).toBe(1);
      await expect(store.intents.submit({ ...keyed, dagId: 'report' })).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    it('names the DAG that was meant', async () => {
      const asked = store.intents.submit(intentFor('elt-report'));
      await expect(asked).rejects.toBeInstanceOf(NotFoundError);
      await expect(store.intents.submit(intentFor('reprot'))).rejects.toThrow('Did you mean "report"?');
    });

    it('refuses a NUL', async () => {
      await expect(store.intents.submit(intentFor('etl', { payload: '"\0"' }))).rejects.toMatchObject({
        code: 'content_refused',
        column: 'payload',
      });
    });
  });

  describe('asking', () => {
    const pause = {
      dagId: 'etl',
      intent: { kind: 'pause', payload: { isPaused: true } },
      actor: 'ada',
    } as const;

    it('answers pending at once when no scheduler lives', async () => {
      await holdDags(store, 'one', 'etl');
      await store.leases.retire('one', 0, AT);
      expect(await askDag(store, pause)).toEqual({
        id: 1,
        state: 'pending',
        result: null,
        isAnybodyThere: false,
      });
    });

    it('answers pending when nobody decides in time', async () => {
      await holdDags(store, 'one', 'etl');
      expect(await askDag(store, pause, { timeoutMs: 30 })).toMatchObject({ state: 'pending' });
    });

    it('waits for the decision', async () => {
      await holdDags(store, 'one', 'etl');
      const asked = askDag(store, pause);
      let pending = await store.intents.pending(['etl'], 1);
      while (pending.length === 0) pending = await store.intents.pending(['etl'], 1);
      const decided = {
        id: pending[0]!.id,
        state: 'applied',
        result: '{"was":false}',
        decidedAt: AT,
      } as const;
      await store.turns.commit(turnOf(0, effectsOf('etl', { intentsDecided: [decided] })));
      expect(await asked).toEqual({
        id: decided.id,
        state: 'applied',
        result: { was: false },
        isAnybodyThere: true,
      });
    });
  });

  it('keeps every change of a Variable and wakes whoever reads the revision', async () => {
    const before = await store.variables.revision();
    await store.variables.set({
      key: 'parallelism',
      value: '16',
      description: 'slots',
      actor: 'ada',
      at: AT,
    });
    await store.variables.set({ key: 'parallelism', value: '32', actor: 'bob', at: AT + 1 });
    await store.variables.set({ key: 'token', value: '"abc"', isSecret: true, actor: 'ada', at: AT });
    expect(await store.variables.get('parallelism')).toEqual({
      ...{
        key: 'parallelism',
        value: '32',
        description: 'slots',
        isSecret: 0,
        updatedAt: AT + 1,
        updatedBy: 'bob',
      },
    });
    expect((await store.variables.list()).map(({ key }) => key)).toEqual(['parallelism', 'token']);
    expect(await store.variables.delete('parallelism', 'eve', AT + 2)).toBe(true);
    expect(await store.variables.delete('parallelism', 'eve', AT + 2)).toBe(false);
    expect(await store.variables.history('parallelism')).toEqual([
      { at: AT + 2, actor: 'eve', fromValue: '32', toValue: null },
      { at: AT + 1, actor: 'bob', fromValue: '16', toValue: '32' },
      { at: AT, actor: 'ada', fromValue: null, toValue: '16' },
    ]);
    expect((await store.variables.history('token'))[0]?.toValue).toBe('"***"');
    expect(await store.variables.revision()).toBeGreaterThan(before);
  });

  it('remembers which runners nobody saw end', async () => {
    const runner = {
      runnerId: 'r1',
      schedulerId: 'one',
      host: 'h',
      bootId: 'b',
      pid: 5,
      pidStart: '77',
      startedAt: AT,
      endedAt: null,
    };
    await store.runners.started(runner);
    await store.runners.started({ ...runner, runnerId: 'r2', startedAt: AT + 1 });
    await store.runners.ended('r1', AT + 2);
    expect(await store.runners.open('h')).toEqual([{ ...runner, runnerId: 'r2', startedAt: AT + 1 }]);
    expect(await store.runners.open('elsewhere')).toEqual([]);
  });

  it('tails events page by page from any cursor', async () => {
    await holdDags(store, 'one', 'etl');
    const defined = await tailUntil(store, null, 1);
    expect(defined.map(({ type }) => type)).toEqual(['dag_version']);
    const start = await store.events.latest();
    const events = Array.from({ length: 5 }, (_, i) => eventRow({ at: AT + i }));
    await store.turns.commit(turnOf(0, effectsOf('etl', { events })));
    const tailed = await tailUntil(store, start, 5, 2);
    expect(tailed.map(({ id: _, ...event }) => event)).toEqual(events);
    const end = await store.events.latest();
    expect(await store.events.tail(end, 3)).toMatchObject({ events: [], cursor: end });
    await expect(store.events.tail('yesterday', 3)).rejects.toThrow('not a cursor');
  });

  describe('migrations', () => {
    it('may be called by several processes at once, and again', async () => {
      await using empty = await createDatabase(dialect, 'empty');
      const stores = await Promise.all([empty.open(), empty.open(), empty.open()]);
      await expect(stores[0]!.assertMigrated()).rejects.toThrow('tsflow db migrate');
      const applied = await Promise.all(stores.map((of) => of.migrate()));
      const names = applied.flatMap((of) => of.applied).sort();
      expect(names[0]).toBe('0001-foundation');
      // Each once, whoever did it.
      expect(names).toEqual([...new Set(names)]);
      expect(await stores[0]!.migrate()).toEqual({ applied: [] });
      for (const of of stores) await of.assertMigrated();
    });

    it('refuses a schema that a newer release made', async () => {
      const { sql } = await import('kysely');
      await sql`insert into schema_migration (name, applied_at) values ('9999-future', 1)`.execute(store.db);
      await expect(store.assertMigrated()).rejects.toMatchObject({ code: 'schema_newer' });
      await expect(store.migrate()).rejects.toThrow('9999-future');
    });
  });

  it('says that it is closed', async () => {
    await store.close();
    await expect(store.turns.counters()).rejects.toThrow();
  });
});

describe('the store on sqlite alone', () => {
  it('pings the sockets of the living schedulers, and hears a decision there', async () => {
    await using database = await createDatabase('sqlite');
    const store = await database.open();
    const heard: unknown[] = [];
    const socketPath = path.join(path.dirname(database.url.slice('sqlite:'.length)), 's.sock');
    const scheduler = createServer((socket) => {
      socket.on('error', () => undefined);
      const lines = createInterface({ input: socket });
      // readline passes the errors of its input on.
      lines.on('error', () => undefined);
      lines.on('line', async (line) => {
        const message = JSON.parse(line);
        heard.push(message);
        if (message.verb !== 'await_intent') return;
        const decided = { id: message.intentId, state: 'refused', result: '{}', decidedAt: AT } as const;
        await store.turns.commit(turnOf(0, effectsOf('etl', { intentsDecided: [decided] })));
        socket.write(`${JSON.stringify({ verb: 'intent_decided', intentId: message.intentId })}\n`);
      });
    });
    await new Promise<void>((resolve) => scheduler.listen(socketPath, resolve));
    try {
      await store.catalog.record({
        at: AT,
        parsed: [parsedFile('etl.ts', serializedDag('etl'))],
        failed: [],
        removed: [],
      });
      await registerScheduler(store, 'one', socketPath);
      await store.leases.acquire('one', 1);
      await wakeSchedulers(store, 'versions');
      const answer = await askDag(store, {
        dagId: 'etl',
        intent: { kind: 'pause', payload: { isPaused: true } },
        actor: 'ada',
      });
      expect(answer).toEqual({ id: 1, state: 'refused', result: {}, isAnybodyThere: true });
      expect(heard).toEqual(
        expect.arrayContaining([
          { verb: 'ping', reason: 'versions' },
          { verb: 'ping', reason: 'intents' },
          { verb: 'await_intent', intentId: 1 },
        ]),
      );
    } finally {
      scheduler.close();
    }
  });

  it('has room for one scheduler process, and takes over from a dead one at once', async () => {
    await using database = await createDatabase('sqlite');
    const first = await database.open();
    const second = await database.open();
    await holdDags(first, 'one', 'etl');
    await expect(registerScheduler(second, 'two')).rejects.toMatchObject({ code: 'scheduler_running' });
    await expect(registerScheduler(second, 'two')).rejects.toThrow('pid 1 on localhost');
    await first.close();
    await registerScheduler(second, 'two');
    expect((await second.leases.living()).map(({ id }) => id)).toEqual(['two']);
    expect(await second.leases.acquire('two', 5)).toMatchObject([{ dagId: 'etl', epoch: 2 }]);
  });

  it('works in memory', async () => {
    await using store = await openStore('sqlite::memory:');
    await store.migrate();
    await holdDags(store, 'one', 'etl');
    const writes = Array.from({ length: 10 }, () => store.reserveKeys(1));
    expect(new Set(await Promise.all(writes)).size).toBe(10);
    expect((await store.turns.load('etl'))?.dag.holder).toBe('one');
  });

  it('refuses a URL that it does not know, without its password', async () => {
    await expect(openStore('mysql://root:hunter2@host/db')).rejects.toThrow('"mysql://root:***@host/db"');
    await expect(openStore('sqlite:')).rejects.toThrow('names no file');
  });
});
