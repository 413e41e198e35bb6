import { Asset, AssetSensor, chain, DAG, task } from '@tsflow/core';
import { startDags } from '@tsflow/testing';
import { expect, test } from 'vitest';

const orders = new Asset('orders', { uri: 's3://shop/orders/', freshness: '1d' });
const prices = new Asset('prices');

const load = new DAG({ dagId: 'load', schedule: '0 3 * * *', timezone: 'Asia/Tokyo' }, () => {
  task(
    'write',
    ({ assets, ds }) => {
      assets.emit(orders, { extra: { rows: 7 }, partition: ds });
      return 7;
    },
    {},
    { outlets: [orders] },
  );
});

const report = new DAG({ dagId: 'report', schedule: [orders, prices] }, () => {
  task('write', async ({ assets, partition }) => {
    const events = await assets.triggeredBy();
    return `${events
      .map(({ asset }) => asset)
      .sort()
      .join(' and ')} of ${partition}`;
  });
});

const either = new DAG({ dagId: 'either', schedule: orders.or(prices) }, () => void task('look', () => 1));

test('a run when both are there, of the same day', async () => {
  await using day = await startDags([load, report, either], { now: '2026-02-28T17:00:00Z', schedule: true });
  await day.advanceTo('2026-02-28T19:00:00Z');
  expect(await day.of(report).runs()).toHaveLength(0);
  await day.post(prices, { partition: '2026-03-01' });
  const [run] = await day.of(report).runs();
  expect((await day.of(report).finished(run!.runId)).output('write')).toBe('orders and prices of 2026-03-01');
  expect(await day.of(either).runs()).toHaveLength(2);
});

const waits = new DAG({ dagId: 'waits' }, () => {
  const news = new AssetSensor({ taskId: 'news', asset: orders, since: 'runStart', timeout: '2h' });
  const read = task('read', (_context, { event }) => event?.extra.rows ?? null, { event: news.output });
  chain(news, read);
});

test('an asset in the middle of a run', async () => {
  await using day = await startDags([waits], { now: '2026-03-01' });
  const runId = await day.of(waits).trigger();
  await day.advance('1h');
  await day.post(orders, { extra: { rows: 9 } });
  expect((await day.of(waits).finished(runId)).assertSucceeded().output('read')).toBe(9);
});
