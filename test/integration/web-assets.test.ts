import { Asset, all, DAG, task } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import { DATABASES } from '../support/store.ts';
import { itemsOf, type WebClient, WebHarness } from '../support/web-harness.ts';

const orders = new Asset('orders', { uri: 's3://shop/orders/', freshness: '1h' });
const prices = new Asset('prices');

const dags = () => [
  new DAG({ dagId: 'load' }, () => {
    task('write', () => 1, {}, { outlets: [orders] });
  }),
  new DAG({ dagId: 'report', schedule: [new Asset('orders')] }, () => {
    task('print', () => 1);
  }),
  new DAG({ dagId: 'margins', schedule: all(orders, prices) }, () => {
    task('compute', () => 1);
  }),
];

describe.each(DATABASES)('the REST API of assets on %s', (dialect) => {
  let harness: SchedulerHarness;
  let web: WebHarness;
  let operator: WebClient;

  beforeEach(async () => {
    harness = await SchedulerHarness.start(dialect, dags().map(serializeDag), () => {
      return { kind: 'success', xcoms: {} };
    });
    web = await WebHarness.start(harness.store);
    operator = await web.as('Operator');
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
    await harness[Symbol.asyncDispose]();
  });

  it('lists them with who has to do with them, as all their DAGs describe them', async () => {
    expect(itemsOf(await operator.get('/assets'))).toEqual([
      {
        name: 'orders',
        uri: 's3://shop/orders/',
        description: null,
        freshnessMs: 3_600_000,
        lastEventAt: null,
        expectedAt: null,
        isStale: false,
        producers: [{ dagId: 'load', taskId: 'write' }],
        consumers: ['margins', 'report'],
        sensors: [],
      },
      expect.objectContaining({ name: 'prices', consumers: ['margins'], producers: [] }),
    ]);
  });

  it('posts an event, says what became of it, and gives a repeat the same answer', async () => {
    const key = { 'idempotency-key': 'file-17' };
    const first = await operator.post('/assets/orders/events', { extra: { rows: 3 }, partition: 'mon' }, key);
    expect(first.status, first.text).toBe(201);
    const { eventId, consumers } = first.body as { eventId: string; consumers: { runId: string | null }[] };
    expect(first.body).toMatchObject({
      repeated: false,
      consumers: [
        { dagId: 'margins', state: 'kept', runId: null },
        { dagId: 'report', state: 'run' },
      ],
    });
    const again = await operator.post('/assets/orders/events', { partition: 'tue' }, key);
    expect(again.body).toEqual({ eventId, repeated: true, consumers });

    const runId = consumers[1]!.runId!;
    await harness.runIs('report', runId, 'success');
    const event = {
      eventId,
      asset: 'orders',
      partition: 'mon',
      extra: { rows: 3 },
      actor: 'operator',
      source: null,
      runs: [{ dagId: 'report', runId, state: 'success' }],
      pendingIn: ['margins'],
    };
    const { body } = await operator.get('/assets/orders');
    expect(body).toMatchObject({ name: 'orders', isStale: false, events: [event] });
    const { lastEventAt, expectedAt } = body as { lastEventAt: string; expectedAt: string };
    expect(Date.parse(expectedAt) - Date.parse(lastEventAt)).toBe(3_600_000);
    expect(itemsOf(await operator.get(`/dags/report/runs/${runId}/asset-events`))).toEqual([
      expect.objectContaining(event),
    ]);
    expect((await operator.get('/assets/orders?partition=tue')).body).toMatchObject({ events: [] });
  });

  it('refuses what it cannot do', async () => {
    expect((await operator.post('/assets/order/events', {})).text).toContain('Did you mean');
    expect((await operator.get('/assets/order')).status).toBe(404);
    expect((await operator.post('/assets/orders/events', { extra: [] })).status).toBe(400);
    const viewer = await web.as('Viewer');
    expect((await viewer.post('/assets/orders/events', {})).status).toBe(403);
    expect(itemsOf(await viewer.get('/assets'))).toHaveLength(2);
  });
});
