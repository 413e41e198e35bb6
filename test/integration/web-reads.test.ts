import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptTable, EventTable, Store } from '@tsflow/core/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AT,
  attemptRow,
  eventRow,
  NO_ATTEMPT_CHANGES,
  parsedFile,
  runRow,
  taskRow,
} from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';
import { itemsOf, type WebClient, WebHarness } from '../support/web-harness.ts';

const DAY = 86_400_000;
const day = (n: number) => new Date(AT + n * DAY).toISOString();

const expand = { arguments: [{ name: 'row', list: { kind: 'literal', length: 3 } }] } as const;

const etl = serializedDag(
  'etl',
  { extract: {}, 'load.rows': { upstream: ['extract'], groupId: 'load', expand } },
  {
    tags: ['daily', 'so"rt_of'],
    owner: 'data',
    doc: '# Hallo',
    description: 'Loads 100% of it',
    timetable: { type: 'cron', expression: '0 3 * * *', timezone: 'UTC' },
    maxActiveRuns: { $variable: { name: 'etl_runs', type: 'number', default: 3 } },
    groups: [{ groupId: 'load', parentId: null, label: 'load', doc: null }],
  },
);

/** Twenty daily runs of `etl`, the newest of which is running, and a DAG without runs. */
async function seed(store: Store): Promise<void> {
  const file = parsedFile('etl.ts', etl);
  const { version } = file.dags[0]!;
  await store.catalog.record({
    at: AT,
    parsed: [file, parsedFile('idle.ts', serializedDag('idle', { only: {} }))],
    failed: [],
    removed: [],
  });
  await store.catalog.record({
    at: AT + 1,
    parsed: [],
    failed: [
      {
        file: 'etl.ts',
        kind: 'syntax',
        message: 'Unexpected }',
        line: 3,
        column: 1,
        codeFrame: '}',
        stack: 'secret',
      },
    ],
    removed: [],
  });
  const runs = Array.from({ length: 20 }, (_, i) =>
    runRow(100 + i, {
      version,
      runId: `scheduled__${day(i)}`,
      slot: AT + i * DAY,
      logicalDate: AT + i * DAY,
      queuedAt: AT + i * DAY,
      startDate: AT + i * DAY,
      endDate: i === 19 ? null : AT + i * DAY + 5000,
      state: i === 19 ? 'running' : i === 7 ? 'failed' : 'success',
      conf: JSON.stringify({ i }),
    }),
  );
  await store.db.insertInto('dagRun').values(runs).execute();
  const extract = taskRow(1000, 119, {
    taskId: 'extract',
    state: 'success',
    attemptId: 5001,
    tryNumber: 2,
    scheduledAt: AT + 1,
    startDate: AT + 2,
    endDate: AT + 3,
  });
  const mapped = [0, 1, 2].map((index) =>
    taskRow(1001 + index, 119, {
      taskId: 'load.rows',
      mapPath: String(index),
      mapSort: String(index).padStart(10, '0'),
      state: index === 1 ? 'running' : 'success',
      startDate: AT + 10 + index,
      endDate: index === 1 ? null : AT + 20 + index,
    }),
  );
  await store.db
    .insertInto('taskInstance')
    .values([...mapped.reverse(), extract])
    .execute();
  const attempt = (id: number, changes: Partial<AttemptTable>): AttemptTable => ({
    ...attemptRow(id, extract),
    ...NO_ATTEMPT_CHANGES,
    ...changes,
  });
  await store.db
    .insertInto('attempt')
    .values([
      attempt(5000, {
        state: 'failed',
        tryNumber: 1,
        startDate: AT,
        endDate: AT + 1,
        error: JSON.stringify({ name: 'Error', message: 'no network', cause: { name: 'E', message: 'why' } }),
      }),
      attempt(5001, {
        state: 'success',
        tryNumber: 2,
        queuedAt: AT + 1,
        startDate: AT + 2,
        endDate: AT + 3,
        rendered: JSON.stringify({ sql: 'select 1' }),
        logSegment: '2026-01-15/runner-0.jsonl',
        logStart: 0,
        logEnd: 10_000,
      }),
    ])
    .execute();
  await store.db
    .insertInto('xcom')
    .values([
      { attemptId: 5001, key: 'returnValue', value: '{"rows":[1,2]}' },
      { attemptId: 5000, key: 'returnValue', value: '"old"' },
    ])
    .execute();
  const events = [
    eventRow({ dagId: 'etl', type: 'dag_unpaused', actor: 'ann' }),
    eventRow({ dagId: 'etl', runKey: 119, type: 'run_state', fromState: 'queued', toState: 'running' }),
    eventRow({
      dagId: 'etl',
      runKey: 119,
      taskInstanceKey: 1000,
      attemptId: 5001,
      type: 'task_state',
      fromState: 'running',
      toState: 'success',
      data: '{"tryNumber":2}',
    }),
    eventRow({ dagId: 'idle', type: 'dag_paused' }),
  ];
  await store.db
    .insertInto('event')
    .values(events as EventTable[])
    .execute();
  await store.db
    .insertInto('backfill')
    .values({
      key: 900,
      dagId: 'etl',
      fromDate: AT,
      toDate: AT + DAY,
      options: '{"reprocess":"none"}',
      state: 'running',
      actor: 'ann',
      createdAt: AT,
      endDate: null,
      cursor: null,
      total: 10,
      created: 5,
      existing: 1,
      inFlight: 0,
      cleared: 1,
      succeeded: 3,
      failed: 1,
    })
    .execute();
}

describe.each(DATABASES)('the REST API reads from %s', (dialect) => {
  let database: TestDatabase;
  let store: Store;
  let web: WebHarness;
  let viewer: WebClient;

  beforeAll(async () => {
    database = await createDatabase(dialect);
    store = await database.open();
    await seed(store);
    web = await WebHarness.start(store);
    viewer = await web.as('Viewer');
  });
  afterAll(async () => {
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('DAGs with their newest 14 runs, oldest first', async () => {
    await store.variables.set({ key: 'etl_runs', value: '5', actor: 'ann', at: AT });
    const answer = await viewer.get('/dags');
    expect(answer.body).toMatchObject({ total: 2, nextCursor: null });
    const [dag, idle] = itemsOf(answer);
    expect(dag).toMatchObject({
      dagId: 'etl',
      tags: ['daily', 'so"rt_of'],
      owner: 'data',
      versionNumber: 1,
      hasImportError: true,
      maxActiveRuns: 5,
      isPaused: false,
    });
    const bars = dag!.lastRuns as { logicalDate: string; state: string }[];
    expect(bars).toHaveLength(14);
    expect(bars[0]!.logicalDate).toBe(day(6));
    expect(bars.at(-1)).toMatchObject({ logicalDate: day(19), state: 'running' });
    const { runAfter } = dag!.nextRun as { runAfter: string };
    expect(Date.parse(runAfter)).toBeGreaterThan(Date.now() - DAY);
    expect(idle).toMatchObject({ dagId: 'idle', lastRuns: [], nextRun: null, maxActiveRuns: 16 });
  });

  it.each([
    ['search=TL', ['etl']],
    ['search=100%25', ['etl']],
    ['search=1%25%25', []],
    ['search=d_e', []],
    ['tag=daily', ['etl']],
    ['tag=dail', []],
    ['tag=so%22rt_of', ['etl']],
    ['owner=data', ['etl']],
    ['paused=true', []],
    ['state=running', ['etl']],
    ['state=success', []],
    ['order=lastRun', ['etl', 'idle']],
    ['order=nextRun', ['etl', 'idle']],
  ])('DAGs filtered by %s', async (query, expected) => {
    const found = itemsOf(await viewer.get(`/dags?${query}`)).map(({ dagId }) => dagId);
    expect(query.startsWith('order=nextRun') ? found.sort() : found).toEqual(expected);
  });

  it.each(['dagId', 'nextRun', 'lastRun'])('every DAG once, page by page, by %s', async (order) => {
    const found: unknown[] = [];
    for (let cursor = ''; ; ) {
      const answer = await viewer.get(`/dags?limit=1&order=${order}${cursor}`);
      found.push(...itemsOf(answer).map(({ dagId }) => dagId));
      const { nextCursor } = answer.body as { nextCursor: string | null };
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(found.sort()).toEqual(['etl', 'idle']);
  });

  it('a DAG with its definition, its versions and their files', async () => {
    expect((await viewer.get('/dags/etl')).body).toMatchObject({
      dagId: 'etl',
      doc: '# Hallo',
      serialized: { tasks: [{ taskId: 'extract', downstream: ['load.rows'] }, { taskId: 'load.rows' }] },
    });
    const [version] = itemsOf(await viewer.get('/dags/etl/versions'));
    expect(version).toMatchObject({ number: 1, createdAt: new Date(AT).toISOString() });
    for (const name of [version!.version, '1']) {
      expect((await viewer.get(`/dags/etl/versions/${name}`)).body).toMatchObject({
        files: [{ path: 'dag.mjs', content: '// bundled' }],
        serialized: { dagId: 'etl' },
      });
    }
    expect((await viewer.get('/dags/idle/versions/2')).status).toBe(404);
    expect((await viewer.get(`/dags/idle/versions/${version!.version}`)).status).toBe(404);
    expect((await viewer.get('/dags/nope')).status).toBe(404);
  });

  it('runs, newest first, page by page, without a gap or a repeat', async () => {
    for (const path of ['/runs', '/dags/etl/runs']) {
      const found: unknown[] = [];
      for (let cursor = ''; ; ) {
        const answer = await viewer.get(`${path}?limit=7${cursor}`);
        found.push(...itemsOf(answer).map(({ logicalDate }) => logicalDate));
        const { nextCursor } = answer.body as { nextCursor: string | null };
        if (nextCursor === null) break;
        cursor = `&cursor=${nextCursor}`;
      }
      expect(found).toEqual(Array.from({ length: 20 }, (_, i) => day(19 - i)));
    }
  });

  it('runs filtered by state, type and logical date', async () => {
    const dates = async (query: string) =>
      itemsOf(await viewer.get(`/dags/etl/runs?${query}`)).map(({ logicalDate }) => logicalDate);
    expect(await dates('state=failed')).toEqual([day(7)]);
    expect(await dates('state=running')).toEqual([day(19)]);
    expect(await dates('state=queued')).toEqual([]);
    expect(await dates('runType=backfill')).toEqual([]);
    expect(await dates(`from=${day(3)}&to=${day(4)}`)).toEqual([day(4), day(3)]);
    expect(itemsOf(await viewer.get('/runs?state=running&dagId=etl'))).toHaveLength(1);
    expect(itemsOf(await viewer.get('/runs?dagId=idle'))).toEqual([]);
  });

  it('a run with the number of its tasks in each state', async () => {
    const { body } = await viewer.get(`/dags/etl/runs/scheduled__${day(19)}`);
    expect(body).toMatchObject({
      versionNumber: 1,
      conf: { i: 19 },
      taskCounts: { success: 3, running: 1 },
      endDate: null,
    });
    expect((await viewer.get('/dags/idle/runs/scheduled__1')).status).toBe(404);
    expect((await viewer.get(`/dags/idle/runs/scheduled__${day(19)}`)).status).toBe(404);
  });

  it('task instances in topological order, mapped ones by index', async () => {
    const instances = itemsOf(await viewer.get(`/dags/etl/runs/scheduled__${day(19)}/tasks`));
    expect(instances.map(({ taskId, mapIndex }) => [taskId, mapIndex])).toEqual([
      ['extract', -1],
      ['load.rows', 0],
      ['load.rows', 1],
      ['load.rows', 2],
    ]);
    expect(instances[0]).toMatchObject({ operator: 'FunctionOperator', groupId: null, attemptId: '5001' });
    expect(instances[1]).toMatchObject({ groupId: 'load' });
  });

  it('a task instance with every attempt, and only what belongs to it', async () => {
    const run = `/dags/etl/runs/scheduled__${day(19)}`;
    expect((await viewer.get(`${run}/tasks/extract`)).body).toMatchObject({
      taskId: 'extract',
      attempts: [
        { attemptId: '5000', state: 'failed', error: { message: 'no network', cause: { message: 'why' } } },
        { attemptId: '5001', state: 'success', error: null, rendered: { sql: 'select 1' } },
      ],
    });
    expect((await viewer.get(`${run}/tasks/load.rows?mapPath=1`)).body).toMatchObject({
      mapIndex: 1,
      state: 'running',
      attempts: [],
    });
    expect((await viewer.get(`${run}/tasks/load.rows`)).status).toBe(404);
    expect((await viewer.get(`${run}/tasks/extract?mapPath=../x`)).status).toBe(400);
  });

  it('what the newest attempt pushed', async () => {
    const run = `/dags/etl/runs/scheduled__${day(19)}`;
    expect(itemsOf(await viewer.get(`${run}/tasks/extract/xcom`))).toEqual([
      { key: 'returnValue', value: { rows: [1, 2] } },
    ]);
    expect(itemsOf(await viewer.get(`${run}/tasks/load.rows/xcom?mapPath=0`))).toEqual([]);
  });

  it('the grid: mapped tasks as one cell with counts', async () => {
    const { body } = await viewer.get('/dags/etl/grid?limit=3');
    expect(body).toMatchObject({
      tasks: [
        { taskId: 'extract', label: 'extract', isMapped: false },
        { taskId: 'load.rows', label: 'rows', groupId: 'load', isMapped: true },
      ],
      groups: [{ groupId: 'load' }],
      runs: [{ logicalDate: day(17) }, { logicalDate: day(18) }, { logicalDate: day(19), key: 119 }],
      letters: { s: 'success', r: 'running' },
      columns: [
        { states: '..', lengths: [-1, -1] },
        { states: '..' },
        {
          states: 'sr',
          lengths: [1, -1],
          started: { 1: new Date(AT + 10).toISOString() },
          tries: { 0: 2 },
          mapped: { 1: { success: 2, running: 1 } },
        },
      ],
    });
    const earlier = (await viewer.get(`/dags/etl/grid?limit=2&before=${day(5)}`)).body;
    expect(earlier).toMatchObject({ runs: [{ logicalDate: day(3) }, { logicalDate: day(4) }] });
  });

  it('the Gantt: every attempt, with the wait of the newest', async () => {
    expect(itemsOf(await viewer.get(`/dags/etl/runs/scheduled__${day(19)}/gantt`))).toMatchObject([
      { attemptId: '5000', state: 'failed', scheduledAt: null },
      { attemptId: '5001', state: 'success', scheduledAt: new Date(AT + 1).toISOString() },
    ]);
  });

  it('events of a run and of everything, with names instead of keys', async () => {
    const ofRun = itemsOf(await viewer.get(`/dags/etl/runs/scheduled__${day(19)}/events`));
    expect(ofRun).toMatchObject([
      { type: 'task_state', taskId: 'extract', runId: `scheduled__${day(19)}`, data: { tryNumber: 2 } },
      { type: 'run_state', taskId: null },
    ]);
    const types = async (query: string) =>
      itemsOf(await viewer.get(`/events?${query}`)).map(({ type }) => type);
    expect((await types('dagId=etl')).slice(0, 3)).toEqual(['task_state', 'run_state', 'dag_unpaused']);
    expect(await types('type=dag_paused')).toEqual(['dag_paused']);
    const [newest] = itemsOf<{ id: number }>(await viewer.get('/events?type=dag_paused'));
    expect(await types(`after=${newest!.id - 2}&limit=2`)).toEqual(['task_state', 'dag_paused']);
    const page = await viewer.get('/events?dagId=etl&limit=1');
    const { nextCursor } = page.body as { nextCursor: string };
    expect(await types(`dagId=etl&limit=1&cursor=${nextCursor}`)).toEqual(['run_state']);
  });

  it('backfills, import errors and the timeline', async () => {
    expect(itemsOf(await viewer.get('/backfills?dagId=etl'))).toMatchObject([
      { key: 900, running: 2, options: { reprocess: 'none' }, fromDate: day(0) },
    ]);
    expect(itemsOf(await viewer.get('/backfills?dagId=idle'))).toEqual([]);
    const errors = await viewer.get('/import-errors');
    expect(itemsOf(errors)).toMatchObject([
      { file: 'etl.ts', kind: 'syntax', line: 3, lastGood: [{ dagId: 'etl', number: 1 }] },
    ]);
    expect(errors.text).not.toContain('secret');
    const past = await viewer.get(`/timeline?from=${day(3)}&to=${day(5)}`);
    expect(past.body).toMatchObject({
      dags: [
        {
          dagId: 'etl',
          runs: [{ logicalDate: day(3) }, { logicalDate: day(4) }, { logicalDate: day(5) }],
          planned: [],
        },
      ],
      slots: { limit: 16, used: 0 },
    });
    const coming = await viewer.get(
      `/timeline?from=${new Date().toISOString()}&to=${new Date(Date.now() + 3 * DAY).toISOString()}`,
    );
    const [dag] = (coming.body as { dags: { runs: unknown[]; planned: string[] }[] }).dags;
    expect(dag!.runs).toHaveLength(1);
    expect(dag!.planned.length).toBeGreaterThanOrEqual(3);
    expect((await viewer.get(`/timeline?from=${day(5)}&to=${day(3)}`)).status).toBe(400);
  });

  it('the next runs of a schedule', async () => {
    const runs = itemsOf<{ runAfter: string }>(await viewer.get('/dags/etl/next?n=3'));
    expect(runs).toHaveLength(3);
    expect(Date.parse(runs[2]!.runAfter) - Date.parse(runs[1]!.runAfter)).toBe(DAY);
    expect(itemsOf(await viewer.get('/dags/idle/next'))).toEqual([]);
  });

  it('why a task is not running', async () => {
    const checks = itemsOf(await viewer.get(`/dags/etl/runs/scheduled__${day(19)}/tasks/extract/why`));
    expect(checks.length).toBeGreaterThan(0);
    expect((await viewer.get(`/dags/etl/runs/scheduled__${day(19)}/why`)).status).toBe(200);
  });

  it('the Gantt: where an attempt was deferred and waited for a slot again', async () => {
    const waiter = taskRow(1010, 102, { taskId: 'extract', state: 'deferred', attemptId: 5010 });
    await store.db.insertInto('taskInstance').values(waiter).execute();
    await store.db
      .insertInto('attempt')
      .values({
        ...attemptRow(5010, waiter),
        ...NO_ATTEMPT_CHANGES,
        state: 'deferred',
        tryNumber: 1,
        queuedAt: AT,
        startDate: AT + 10,
        endDate: null,
      })
      .execute();
    const states = ['queued', 'running', 'deferred', 'scheduled', 'queued', 'running', 'deferred'];
    const events = states.map((toState, i) =>
      eventRow({
        at: AT + i * 10,
        runKey: 102,
        taskInstanceKey: 1010,
        attemptId: 5010,
        type: 'task_state',
        fromState: states[i - 1] ?? 'none',
        toState,
      }),
    );
    await store.db
      .insertInto('event')
      .values(events as EventTable[])
      .execute();
    const at = (ms: number) => new Date(AT + ms).toISOString();
    const [segment] = itemsOf(await viewer.get(`/dags/etl/runs/scheduled__${day(2)}/gantt`));
    expect(segment).toMatchObject({
      attemptId: '5010',
      pauses: [
        { state: 'deferred', from: at(20), to: at(30) },
        { state: 'queued', from: at(30), to: at(40) },
        { state: 'queued', from: at(40), to: at(50) },
        { state: 'deferred', from: at(60), to: null },
      ],
    });
  });

  it('logs by page, as a file, and followed to their end', async () => {
    const lines = [1, 2, 3].map((n) => ({
      at: new Date(AT + n).toISOString(),
      level: n === 2 ? 'error' : 'info',
      source: n === 3 ? 'stdout' : 'task',
      message: `line ${n} <script>alert(1)</script>`,
      attemptId: 5001,
    }));
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await mkdir(join(web.logsDir, '2026-01-15'));
    await writeFile(join(web.logsDir, '2026-01-15/runner-0.jsonl'), text);
    await store.db
      .updateTable('attempt')
      .set({ logEnd: text.length })
      .where('attemptId', '=', 5001)
      .execute();
    const attempt = `/dags/etl/runs/scheduled__${day(19)}/tasks/extract/attempts/5001`;

    const whole = await viewer.get(`${attempt}/log`);
    expect(whole.body).toMatchObject({
      done: true,
      nextOffset: text.length,
      lines: [{}, {}, { source: 'stdout' }],
    });
    expect((await viewer.get(`${attempt}/log?level=error`)).body).toMatchObject({
      lines: [{ level: 'error' }],
    });

    const window = await viewer.get(`${attempt}/log/lines?from=-2&count=1`);
    expect(window.body).toMatchObject({
      from: 1,
      lines: [{ number: 2, level: 'error' }],
      total: 3,
      firstErrorRow: 1,
      nextOffset: text.length,
      done: true,
    });
    expect((await viewer.get(`${attempt}/log/lines?line=3&level=info`)).body).toMatchObject({ row: 2 });
    expect((await viewer.get(`${attempt}/log/search?find=ALERT`)).body).toEqual({
      total: 3,
      rows: [0, 1, 2],
    });
    expect((await viewer.get(`${attempt}/log/search?find=`)).status).toBe(400);

    const file = await viewer.get(`${attempt}/log.txt`);
    expect(file.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename=extract.5001.log');
    expect(file.headers.get('content-security-policy')).toContain('sandbox');
    expect(file.text.split('\n')).toHaveLength(4);

    const stream = await viewer.stream(`${attempt}/log/stream`);
    expect((await stream.expect('lines')).data).toMatchObject({ lines: [{}, {}, {}], done: true });
    await stream.expect('end');
    expect(await stream.next()).toBeNull();

    const silent = attempt.replace('5001', '5000');
    expect((await viewer.get(`${silent}/log`)).body).toMatchObject({ lines: [], done: true });
    expect((await viewer.get(`${silent}/log/lines`)).body).toMatchObject({ lines: [], total: 0, done: true });
    expect((await viewer.get(`${silent}/log/search?find=x`)).body).toEqual({ total: 0, rows: [] });
    expect((await viewer.get(attempt.replace('extract', 'load.rows').concat('/log'))).status).toBe(404);
    expect((await viewer.get(attempt.replace('5001', '999999').concat('/log'))).status).toBe(404);
  });
});
