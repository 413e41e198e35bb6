import type { EventTable, Store } from '@tsflow/core/store';
import { changeUser } from '@tsflow/webserver';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventRow, parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';
import { type EventReader, type WebClient, WebHarness } from '../support/web-harness.ts';

interface Changes {
  readonly cursor: string;
  readonly events: readonly { readonly id: number; readonly type: string; readonly toState: string }[];
}

describe.each(DATABASES)('live changes on %s', (dialect) => {
  let database: TestDatabase;
  let store: Store;
  let web: WebHarness;
  let viewer: WebClient;
  const readers: EventReader[] = [];

  beforeEach(async () => {
    database = await createDatabase(dialect);
    store = await database.open();
    await store.catalog.record({
      at: 1,
      parsed: [parsedFile('etl.ts', serializedDag('etl')), parsedFile('other.ts', serializedDag('other'))],
      failed: [],
      removed: [],
    });
    await store.db
      .insertInto('dagRun')
      .values(runRow(1, { runId: 'first' }))
      .execute();
    await store.db
      .insertInto('taskInstance')
      .values(taskRow(10, 1, { taskId: 'load', mapPath: '2' }))
      .execute();
    web = await WebHarness.start(store);
    viewer = await web.as('Viewer');
  });
  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.close();
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const watch = async (query = '', headers = {}) => {
    const reader = await viewer.stream(`/live${query}`, headers);
    readers.push(reader);
    return { reader, hello: await reader.expect('hello') };
  };

  /** Writes events as another process would, and says so. */
  const happen = async (...toStates: string[]) => {
    const events = toStates.map((toState) =>
      eventRow({ runKey: 1, taskInstanceKey: 10, type: 'task_state', fromState: 'none', toState }),
    );
    await store.db
      .insertInto('event')
      .values(events as EventTable[])
      .execute();
    await store.notify('tsflow_event', '');
  };

  /** States in the order in which they came, until there are `count`. */
  const statesOf = async (reader: EventReader, count: number) => {
    const states: string[] = [];
    while (states.length < count) {
      const { events } = (await reader.expect('changes')).data as Changes;
      states.push(...events.map(({ toState }) => toState));
    }
    return states;
  };

  it('come with the names that people know', async () => {
    const { reader } = await watch();
    await happen('running');
    const changes = await reader.expect('changes');
    expect(changes.data).toMatchObject({
      cursor: changes.id,
      events: [
        {
          type: 'task_state',
          dagId: 'etl',
          runId: 'first',
          runKey: 1,
          taskId: 'load',
          mapPath: '2',
          fromState: 'none',
          toState: 'running',
        },
      ],
    });
  });

  it('reach everybody who watches, each once and in order', async () => {
    const watchers = [await watch(), await watch(), await watch()];
    for (const state of ['queued', 'running', 'success']) await happen(state);
    for (const { reader } of watchers) {
      expect(await statesOf(reader, 3)).toEqual(['queued', 'running', 'success']);
    }
  });

  it('go on behind the cursor of whoever comes back, without a gap or a repeat', async () => {
    const { reader } = await watch();
    await happen('queued');
    expect(await statesOf(reader, 1)).toEqual(['queued']);
    reader.close();
    await happen('running', 'success');
    const again = await watch('', { 'last-event-id': reader.lastEventId });
    await happen('none');
    expect(await statesOf(again.reader, 3)).toEqual(['running', 'success', 'none']);
    const byQuery = await watch(`?cursor=${encodeURIComponent(reader.lastEventId)}`);
    expect(await statesOf(byQuery.reader, 3)).toEqual(['running', 'success', 'none']);
    await happen('failed');
    expect(await statesOf(again.reader, 1)).toEqual(['failed']);
    expect(await statesOf(byQuery.reader, 1)).toEqual(['failed']);
  });

  it('of one DAG or one run only, when asked so', async () => {
    const [ofEtl, ofOther, ofRun] = [
      await watch('?dagId=etl'),
      await watch('?dagId=other'),
      await watch('?dagId=etl&runId=nope'),
    ];
    await happen('running');
    expect(await statesOf(ofEtl.reader, 1)).toEqual(['running']);
    await store.db
      .insertInto('event')
      .values([
        eventRow({ dagId: 'other', type: 'dag_paused', toState: 'a' }),
        eventRow({ dagId: 'etl', type: 'x', toState: 'b' }),
      ] as EventTable[])
      .execute();
    expect(await statesOf(ofOther.reader, 1)).toEqual(['a']);
    expect(await statesOf(ofEtl.reader, 1)).toEqual(['b']);
    ofRun.reader.close();
  });

  it('say "refetch" to a cursor that is none, or too far behind', async () => {
    const { hello } = await watch();
    const strange = await watch('?cursor=nonsense');
    await strange.reader.expect('refetch');
    await happen('running');
    expect(await statesOf(strange.reader, 1)).toEqual(['running']);
    const many = Array.from({ length: 500 }, () => 'none');
    for (let i = 0; i < 11; i++) await happen(...many);
    const late = await watch(`?cursor=${encodeURIComponent((hello.data as Changes).cursor)}`);
    await late.reader.expect('refetch');
  });

  it('are not for strangers, and end when the server stops', async () => {
    expect((await web.anybody().get('/live')).status).toBe(401);
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    expect((await viewer.get('/live', crossSite)).status).toBe(403);
    const { reader } = await watch();
    await web.server.stop();
    expect(await reader.next()).toBeNull();
  });
});

it('a stream lives by comments, and ends when its reader may no longer read', async () => {
  const database = await createDatabase('sqlite');
  const timers = new Set<{ callback: () => void; delayMs: number }>();
  const clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    setTimer(delayMs: number, callback: () => void) {
      const timer = { callback, delayMs };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
  };
  /** Fires what is due at 15 s. */
  const tick = () => {
    for (const timer of [...timers]) {
      if (timer.delayMs !== 15_000) continue;
      timers.delete(timer);
      timer.callback();
    }
  };
  const web = await WebHarness.start(await database.open(), { clock });
  const viewer = await web.as('Viewer');
  const reader = await viewer.stream('/live');
  await reader.expect('hello');
  tick();
  const ended = reader.next();
  await expect.poll(() => reader.comments).toEqual(['keep-alive']);
  await expect.poll(() => [...timers].some(({ delayMs }) => delayMs === 15_000)).toBe(true);
  await changeUser(web.store, 'viewer', { isDisabled: true, now: Date.now() });
  tick();
  expect(await ended).toBeNull();
  await web[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});
