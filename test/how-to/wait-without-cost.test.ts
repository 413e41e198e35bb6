import {
  chain,
  DAG,
  DeltaSensor,
  ExternalTaskSensor,
  FileSensor,
  HttpSensor,
  TimeSensor,
  task,
} from '@tsflow/core';
import { fakeHttp, inTurn, runDag, startDag, startDags } from '@tsflow/testing';
import { expect, test } from 'vitest';

const morning = new DAG({ dagId: 'morning', timezone: 'Asia/Tokyo', maxActiveTasks: 1 }, () => {
  chain(
    new TimeSensor({ taskId: 'until_six', time: '06:00' }),
    new DeltaSensor({ taskId: 'ten_more', delta: '10m', from: 'runStart' }),
    task('send', () => 'sent'),
  );
  task('beside', () => 'runs meanwhile');
});

test('a wait holds no slot: what is beside it runs, and it is passed at its time', async () => {
  await using played = await startDag(morning, { now: '2026-02-28T20:00:00Z' });
  const runId = await played.trigger();
  await played.advance('10m');
  const { states } = await played.report(runId);
  expect([states.until_six, states.beside]).toEqual(['deferred', 'success']);
  await played.finished(runId);
  expect(played.now).toEqual(new Date('2026-03-01T06:00:00+09:00'));
});

const orders = new DAG({ dagId: 'orders' }, () => void task('load', () => 1));
const report = new DAG({ dagId: 'report' }, () => {
  const loaded = new ExternalTaskSensor({
    taskId: 'loaded',
    dagId: 'orders',
    externalTaskId: 'load',
    timeout: '6h',
    onTimeout: 'skip',
  });
  chain(
    loaded,
    task('write', () => 'written'),
  );
});

// biome-ignore format: a table
test.each([
  // the other DAG runs    loaded      write
  [true,                   'success',  'success'],
  [false,                  'skipped',  'skipped'],
] as const)('a task of another DAG that runs: %s', async (runs, loaded, write) => {
  await using test = await startDags([orders, report], { now: '2026-03-01' });
  const runId = await test.of(report).trigger({ logicalDate: '2026-03-01' });
  if (runs) await test.of(orders).trigger({ logicalDate: '2026-03-01' });
  (await test.of(report).finished(runId)).assertStates({ loaded, write });
});

const outside = new DAG({ dagId: 'outside' }, () => {
  new HttpSensor({
    taskId: 'ready',
    url: 'https://api.example.com/{{ ds }}',
    pokeInterval: '5m',
    exponentialBackoff: true,
  });
  new FileSensor({ taskId: 'arrived', path: '/nowhere/{{ ds }}.csv', timeout: '2h', softFail: true });
});

test('what lies outside is looked for again and again, in one process', async () => {
  const http = fakeHttp({ 'GET /:day': inTurn(404, 503, new Error('away'), 'ok') });
  const run = await runDag(outside, { http });
  run.assertSucceeded().assertStates({ ready: 'success', arrived: 'skipped' });
  expect(http.requests).toHaveLength(4);
  expect(run.tries).toEqual({ ready: 1, arrived: 1 });
});
