import { TaskRescheduled } from '@tsflow/core';
import { fails, returns, runDag, skips, startDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';
import orders from './orders-dag.ts';

test('totals are right', async () => {
  const run = await runDag(orders, {
    logicalDate: '2026-03-01',
    tasks: {
      extract: returns([
        { customer: 'a', amount: 2 },
        { customer: 'a', amount: 3 },
      ]),
    },
  });
  run.assertSucceeded();
  expect(run.output(orders.exports.totals)).toEqual({ a: 5 });
  expect(run.rendered('publish')).toMatchObject({ env: { DAY: '2026-03-01' } });
});

test('a shop that is down for an hour costs nothing but the hour', async () => {
  const run = await runDag(orders, {
    tasks: { extract: fails(2, { afterwards: returns([]) }), publish: returns(null) },
  });
  run.assertSucceeded();
  expect(run.order).toEqual(['extract', 'extract', 'extract', 'totals', 'publish']);
  expect(run.tries.extract).toBe(3);
});

test('nothing is published when there is nothing new', async () => {
  const run = await runDag(orders, { tasks: { extract: skips('no new orders') } });
  run.assertStates({ extract: 'skipped', totals: 'skipped', publish: 'skipped' });
});

test('the real extract asks the connection it should', async () => {
  const run = await runDag(orders, {
    connections: { shop: { host: 'shop.example', password: 'secret-token' } },
    variables: { orders_limit: 1 },
    tasks: { publish: returns(null) },
  });
  expect(run.logs('extract')).toEqual(['1 of 2 orders from shop.example']);
});

test('a day of the schedule, with a load that takes long', async () => {
  await using day = await startDag(orders, {
    now: '2026-03-01T00:00:00Z',
    schedule: true,
    tasks: { extract: takes('50m', returns([])), publish: returns(null) },
  });
  await day.advanceTo('2026-03-01T03:30:00Z');
  expect((await day.runs()).map(({ state }) => state)).toEqual(['running']);
  await day.advance('1d');
  expect((await day.runs()).map(({ state }) => state)).toEqual(['success', 'running']);
});

test('clearing a failed run goes on where it stopped', async () => {
  await using test = await startDag(orders, {
    tasks: { extract: returns([]), publish: fails(3, { afterwards: returns(null) }) },
  });
  const runId = await test.trigger();
  (await test.finished(runId)).assertFailed();
  await test.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
  (await test.finished(runId)).assertSucceeded();
});

test('a poll is called again until there is an answer', async () => {
  const started = Date.parse('2026-03-01T00:00:00Z');
  const poll = returns(() => {
    if (Date.now() < started + 7_200_000) throw new TaskRescheduled('30m');
    return [];
  });
  const run = await runDag(orders, {
    now: new Date(started),
    tasks: { extract: poll, publish: returns(null) },
  });
  expect(run.assertSucceeded().tries.extract).toBe(1);
});
