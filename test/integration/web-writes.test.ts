import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, DATABASES, type TestDatabase } from '../support/store.ts';
import { itemsOf, type WebClient, WebHarness } from '../support/web-harness.ts';

const etl = serializedDag(
  'etl',
  { extract: {}, load: { upstream: ['extract'] } },
  {
    timezone: 'Asia/Tokyo',
    timetable: { type: 'cron', expression: '0 0 * * *', timezone: 'Asia/Tokyo' },
    startDate: '2030-01-01T00:00:00.000Z',
  },
);

describe.each(DATABASES)('the REST API asks a scheduler on %s', (dialect) => {
  let harness: SchedulerHarness;
  let web: WebHarness;
  let operator: WebClient;

  beforeEach(async () => {
    harness = await SchedulerHarness.start(dialect, [etl], () => ({ kind: 'success', xcoms: {} }));
    web = await WebHarness.start(harness.store);
    operator = await web.as('Operator');
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
    await harness[Symbol.asyncDispose]();
  });

  const trigger = async (body = {}, headers = {}) => {
    const answer = await operator.post('/dags/etl/runs', body, headers);
    expect(answer.status, answer.text).toBe(201);
    return answer.body as { runId: string; conf: object; triggeredBy: string; note: string };
  };

  const finished = (runId: string) =>
    until(`${runId} ends`, async () => {
      const { body } = await operator.get(`/dags/etl/runs/${runId}`);
      return (body as { state: string }).state === 'success';
    });

  it('to trigger a run, whose actor is the user; the same key twice is one run', async () => {
    const run = await trigger({ conf: { a: 1 }, note: 'by hand' }, { 'idempotency-key': 'once' });
    expect(run).toMatchObject({ conf: { a: 1 }, note: 'by hand', triggeredBy: 'operator' });
    expect((await trigger({ conf: { a: 2 } }, { 'idempotency-key': 'once' })).runId).toBe(run.runId);
    await finished(run.runId);
    expect(itemsOf(await operator.get('/dags/etl/runs'))).toHaveLength(1);
  });

  it('and hands on what it refuses', async () => {
    const { runId } = await trigger({ runId: 'mine' });
    const again = await operator.post('/dags/etl/runs', { runId });
    expect(again.status).toBe(409);
    expect(again.text).toContain('mine');
    expect((await operator.post('/dags/etl/runs', { runId: 'manual__x' })).status).toBe(400);
    expect((await operator.post('/dags/nope/runs', {})).status).toBe(404);
    expect((await operator.post('/dags/etl/runs/nope/kill', {})).status).toBe(404);
  });

  it('to pause and unpause', async () => {
    expect((await operator.patch('/dags/etl', { isPaused: true })).body).toMatchObject({ isPaused: true });
    const { runId } = await trigger();
    expect((await operator.get(`/dags/etl/runs/${runId}`)).body).toMatchObject({ state: 'queued' });
    const why = itemsOf(await operator.get(`/dags/etl/runs/${runId}/why`));
    expect(why.some(({ passed, reason }) => passed === false && /paused/.test(String(reason)))).toBe(true);
    expect((await operator.patch('/dags/etl', { isPaused: false })).body).toMatchObject({ isPaused: false });
    await finished(runId);
  });

  it('to clear, after saying what that would touch', async () => {
    const { runId } = await trigger();
    await finished(runId);
    const plan = await operator.post(`/dags/etl/runs/${runId}/clear`, { taskIds: ['load'], dryRun: true });
    expect(plan.body).toMatchObject({ versionNumber: 1, tasks: [{ taskId: 'load', state: 'success' }] });
    expect((await operator.get(`/dags/etl/runs/${runId}`)).body).toMatchObject({ state: 'success' });
    const cleared = await operator.post(`/dags/etl/runs/${runId}/clear`, { taskIds: ['load'] });
    expect(cleared.body).toEqual(plan.body);
    await finished(runId);
    const load = await operator.get(`/dags/etl/runs/${runId}/tasks/load`);
    expect(load.body).toMatchObject({ tryNumber: 2, attempts: [{ tryNumber: 1 }, { tryNumber: 2 }] });
  });

  it('to mark tasks and runs, and to note', async () => {
    const { runId } = await trigger();
    await finished(runId);
    const run = `/dags/etl/runs/${runId}`;
    const mark = { taskIds: ['load'], state: 'failed' };
    const plan = await operator.post(`${run}/mark`, { ...mark, dryRun: true });
    expect(plan.body).toMatchObject({ tasks: [{ taskId: 'load', state: 'success' }] });
    const marked = await operator.post(`${run}/mark`, mark);
    expect(marked.body).toMatchObject({ tasks: [{ taskId: 'load', state: 'success' }] });
    expect((await operator.get(run)).body).toMatchObject({ state: 'failed' });
    const patched = await operator.patch(run, { state: 'success', note: 'looked at it' });
    expect(patched.body).toMatchObject({ state: 'success', note: 'looked at it' });
    expect((await operator.post(`${run}/kill`, {})).status).toBe(409);
    expect((await operator.patch(run, {})).status).toBe(400);
  });

  it('for a backfill by days of the zone of the DAG, with preview, and to pause it', async () => {
    const range = { start: '2026-01-01', end: '2026-01-05', maxActiveRuns: 1 };
    const preview = await operator.post('/dags/etl/backfills', { ...range, dryRun: true });
    expect(preview.status).toBe(200);
    expect(preview.body).toMatchObject({ total: 5, toCreate: 5, first: '2025-12-31T15:00:00.000Z' });
    const started = await operator.post('/dags/etl/backfills', range);
    expect(started.status).toBe(201);
    const { key } = started.body as { key: number };
    const other = await operator.post('/dags/etl/backfills', { ...range, end: '2026-01-09' });
    expect([201, 409]).toContain(other.status);
    await until('the backfill ends', async () => {
      const [, ...rest] = itemsOf<{ key: number; state: string }>(await operator.get('/backfills?dagId=etl'));
      const all = itemsOf<{ key: number; state: string }>(await operator.get('/backfills'));
      return rest.length === all.length - 1 && all.find((of) => of.key === key)!.state === 'success';
    });
    expect((await operator.post(`/backfills/${key}/pause`)).status).toBe(409);
    expect((await operator.post('/backfills/123456/pause')).status).toBe(404);
    expect((await operator.post(`/backfills/${key}/explode`)).status).toBe(400);
    expect((await operator.post('/dags/etl/backfills', { start: 'x', end: 'y' })).status).toBe(400);
  });

  it('who is busy: info and health know it', async () => {
    const { body } = await operator.get('/info');
    expect(body).toMatchObject({ database: dialect, schedulers: [{ dags: 1 }], parallelism: { limit: 16 } });
    const health = await web.anybody().raw('/health');
    expect(health.status).toBe(200);
    expect(health.body).toMatchObject({
      status: 'ok',
      scheduler: { status: 'ok' },
      database: { status: 'ok' },
    });
  });

  it('and stores what nobody answers', async () => {
    await harness.scheduler.stop();
    const answer = await operator.post('/dags/etl/runs', {});
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ intentId: expect.any(Number) });
    expect((await web.anybody().raw('/health')).status).toBe(503);
  });
});

describe('Variables over REST', () => {
  let database: TestDatabase;
  let web: WebHarness;

  beforeEach(async () => {
    database = await createDatabase('sqlite');
    web = await WebHarness.start(await database.open());
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('are checked, kept with their history, and deleted', async () => {
    const editor = await web.as('Editor');
    expect((await editor.put('/variables/parallelism', { value: 'abc' })).status).toBe(400);
    expect((await editor.put('/variables/parallelism', { value: '8' })).body).toMatchObject({ value: 8 });
    expect((await editor.put('/variables/parallelism', { value: 9 })).body).toMatchObject({
      updatedBy: 'editor',
    });
    expect(itemsOf(await editor.get('/variables/parallelism/history'))).toMatchObject([
      { from: 8, to: 9, actor: 'editor' },
      { from: null, to: 8 },
    ]);
    expect((await editor.delete('/variables/parallelism')).status).toBe(204);
    expect((await editor.delete('/variables/parallelism')).status).toBe(404);
    expect(itemsOf(await editor.get('/variables'))).toMatchObject([
      { key: 'parallelism', value: 16, updatedAt: null },
    ]);
    expect((await editor.put('/variables/list', { value: [1, { a: null }] })).body).toMatchObject({
      value: [1, { a: null }],
    });
    expect((await editor.put('/variables/list', {})).status).toBe(400);
  });

  it('that are secret stay so, and "***" sent back changes nothing', async () => {
    const admin = await web.as('Admin');
    const editor = await web.as('Editor');
    const set = await admin.put('/variables/token', { value: 'SECRET_CANARY', isSecret: true });
    expect(set.body).toMatchObject({ value: null, isSecret: true });
    await admin.put('/variables/token', { value: '***', description: 'of the bank' });
    expect(JSON.parse((await web.store.variables.get('token'))!.value)).toBe('SECRET_CANARY');
    for (const path of ['/variables', '/variables/token/history', '/events']) {
      expect((await admin.get(path)).text).not.toContain('SECRET_CANARY');
    }
    expect((await editor.put('/variables/token', { value: 'mine' })).status).toBe(403);
    expect((await editor.delete('/variables/token')).status).toBe(403);
    expect(web.logged.join('\n')).not.toContain('SECRET_CANARY');
  });
});
