import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AT, parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';
import { itemsOf, type WebClient, WebHarness } from '../support/web-harness.ts';

// What REST says over all DAGs: deadlines, callbacks, alerts, and who is in a pool.

const HOUR = 3_600_000;
const deadline = { name: 'soon', taskId: null, by: null, withinMs: HOUR, callback: false };
const ofLoad = { ...deadline, name: 'loaded', taskId: 'load', withinMs: 2 * HOUR };

describe.each(DATABASES)('promises and pools over all DAGs, on %s', (dialect) => {
  let database: TestDatabase;
  let web: WebHarness;
  let viewer: WebClient;
  let store: Awaited<ReturnType<TestDatabase['open']>>;

  beforeAll(async () => {
    database = await createDatabase(dialect);
    store = await database.open();
    const dag = serializedDag('etl', { load: {} }, { deadlines: [deadline, ofLoad] });
    const file = parsedFile('etl.ts', dag);
    await store.catalog.record({ at: AT, parsed: [file], failed: [], removed: [] });
    const { version } = file.dags[0]!;
    const run = (key: number, changes: Parameters<typeof runRow>[1]) =>
      runRow(key, { version, dataIntervalEnd: AT, ...changes });
    await store.db
      .insertInto('dagRun')
      .values([
        run(1, { runId: 'old', state: 'failed', endDate: AT + 3 * HOUR }),
        run(2, { runId: 'runs', state: 'running' }),
        run(3, { runId: 'filled', state: 'running', runType: 'backfill' }),
      ])
      .execute();
    await store.db
      .insertInto('taskInstance')
      .values([
        taskRow(10, 1, { taskId: 'load', state: 'running', pool: 'db' }),
        taskRow(11, 2, { taskId: 'load', state: 'success', endDate: AT + 5 }),
        taskRow(12, 2, { taskId: 'holds', state: 'running', pool: 'db', poolSlots: 2, queuedAt: AT + 7 }),
        taskRow(13, 2, {
          taskId: 'light',
          state: 'scheduled',
          pool: 'db',
          priorityWeight: 1,
          scheduledAt: AT,
        }),
        taskRow(14, 2, {
          taskId: 'heavy',
          state: 'scheduled',
          pool: 'db',
          priorityWeight: 9,
          scheduledAt: AT,
        }),
        taskRow(15, 2, { taskId: 'other', state: 'running' }),
        taskRow(16, 2, { taskId: 'rests', state: 'deferred', pool: 'db', queuedAt: AT + 9 }),
      ])
      .execute();
    const miss = { dagId: 'etl', taskId: null, dueAt: AT + HOUR, missedAt: AT + HOUR };
    await store.db
      .insertInto('deadlineMiss')
      .values([
        { runKey: 1, name: 'loaded', ...miss, taskId: 'load' },
        { runKey: 1, name: 'soon', ...miss },
        { runKey: 2, name: 'soon', ...miss },
      ])
      .execute();
    const callback = (key: number, runKey: number, state: string, error: string | null) => ({
      key,
      dagId: 'etl',
      runKey,
      taskInstanceKey: null,
      attemptId: null,
      event: 'onFailure',
      deadline: null,
      facts: JSON.stringify({ taskId: null, mapPath: '', tryNumber: 0 }),
      version,
      state,
      grantNumber: 1,
      createdAt: AT + key,
      endDate: null,
      logSegment: null,
      logStart: null,
      logEnd: null,
      error,
    });
    await store.db
      .insertInto('callback')
      .values([
        callback(100, 1, 'failed', JSON.stringify({ name: 'Error', message: 'the pager says 503' })),
        callback(101, 1, 'success', null),
        callback(102, 2, 'pending', null),
      ])
      .execute();
    const alert = { kind: 'task_failure', title: 'etl.load failed', text: '', dagId: 'etl', runId: 'old' };
    const facts = { ...alert, taskId: 'load', url: null, rule: { to: 'email', mailTo: ['a@example.com'] } };
    await store.db
      .insertInto('alert')
      .values(
        (['sent', 'failed'] as const).map((state, place) => ({
          id: state,
          kind: alert.kind,
          // Alerts of an older version name no instance.
          facts: JSON.stringify({ ...facts, id: state, ...(state === 'failed' ? { mapPath: '3' } : {}) }),
          state,
          tries: 1,
          nextAt: 0,
          createdAt: AT + place,
          endDate: AT + place,
          error: state === 'failed' ? 'no route to mail' : null,
        })),
      )
      .execute();
    web = await WebHarness.start(store);
    viewer = await web.as('Viewer');
  });
  afterAll(async () => {
    await web?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  it('says of what is open what was missed and met; a backfill promises nothing', async () => {
    const said = itemsOf(await viewer.get('/deadlines')).map(({ runId, name, state }) => [
      runId,
      name,
      state,
    ]);
    expect(said).toEqual([
      ['runs', 'soon', 'missed'],
      ['runs', 'loaded', 'met'],
    ]);
    expect(itemsOf(await viewer.get('/deadlines?dagId=other'))).toEqual([]);
  });

  it('pages through what was missed, newest runs first', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const answer = await viewer.get(`/deadlines/missed?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...itemsOf(answer).map(({ runId, name }) => `${runId} ${name}`));
      cursor = (answer.body as { nextCursor: string | null }).nextCursor;
    }
    expect(seen).toEqual(['runs soon', 'old soon', 'old loaded']);
  });

  it('lists callbacks, newest first, of one state or of all', async () => {
    const ids = async (query: string) =>
      itemsOf(await viewer.get(`/callbacks${query}`)).map(({ callbackId }) => callbackId);
    expect(await ids('')).toEqual(['102', '101', '100']);
    expect(await ids('?state=failed')).toEqual(['100']);
    expect(await ids('?dagId=other')).toEqual([]);
    const first = await viewer.get('/callbacks?limit=2');
    const { nextCursor } = first.body as { nextCursor: string };
    expect(await ids(`?limit=2&cursor=${nextCursor}`)).toEqual(['100']);
    const [failed] = itemsOf(await viewer.get('/callbacks?state=failed'));
    expect(failed).toMatchObject({ dagId: 'etl', runId: 'old', error: { message: 'the pager says 503' } });
  });

  it('lists alerts, newest first, with where they went', async () => {
    const [failed, sent] = itemsOf(await viewer.get('/alerts'));
    expect(failed).toMatchObject({
      state: 'failed',
      to: 'email',
      target: 'a@example.com',
      mapPath: '3',
      error: 'no route to mail',
    });
    expect(sent).toMatchObject({
      state: 'sent',
      dagId: 'etl',
      runId: 'old',
      taskId: 'load',
      mapPath: '',
      error: null,
    });
    expect(itemsOf(await viewer.get('/alerts?state=sent'))).toHaveLength(1);
  });

  it('says who is in a pool and who waits, of open runs alone', async () => {
    const said = itemsOf(await viewer.get('/pools/db/tasks')).map(({ taskId, state, poolSlots }) => [
      taskId,
      state,
      poolSlots,
    ]);
    expect(said).toEqual([
      ['holds', 'running', 2],
      ['heavy', 'scheduled', 1],
      ['light', 'scheduled', 1],
    ]);
    expect(itemsOf(await viewer.get('/pools/db/tasks?limit=1'))).toHaveLength(2);
    // A pool that counts deferred tasks names them too.
    await store.pools.set({
      name: 'db',
      slots: 4,
      description: '',
      includeDeferred: true,
      actor: 'ada',
      at: AT,
    });
    const counted = itemsOf(await viewer.get('/pools/db/tasks')).map(({ taskId }) => taskId);
    expect(counted).toEqual(['holds', 'rests', 'heavy', 'light']);
  });

  it('says what gives a pool its slots, and when a plan gives others', async () => {
    const set = (name: string, slots: Parameters<typeof store.pools.set>[0]['slots']) =>
      store.pools.set({ name, slots, actor: 'ada', at: AT });
    const night = { default: 4, windows: [{ cron: '0 22 * * *', for: '8h', value: 20 }], timezone: 'UTC' };
    await set('night', night);
    await set('live', { variable: 'live_slots', default: 3 });
    const pool = async (name: string) => (await viewer.get(`/pools/${name}`)).body;
    const before = (await pool('night')) as { slots: number; next: { at: string; slots: number } };
    expect(before).toMatchObject({ limit: night, problem: null });
    expect([before.slots, before.next.slots].sort()).toEqual([20, 4]);
    expect(before.next.at).toMatch(before.slots === 4 ? /T22:00:00.000Z$/ : /T06:00:00.000Z$/);
    const live = { limit: { variable: 'live_slots', default: 3 } };
    expect(await pool('live')).toMatchObject({ ...live, slots: 3, next: null, problem: null });
    const admin = await web.as('Editor');
    await admin.put('/variables/live_slots', { value: night });
    expect(await pool('live')).toMatchObject({ ...live, slots: before.slots, next: before.next });
    await admin.put('/variables/live_slots', { value: 'many' });
    const problem = 'Variable live_slots: expected a whole number from 0, got "many". 3 stays in force.';
    expect(await pool('live')).toMatchObject({ ...live, slots: 3, next: null, problem });
  });
});
