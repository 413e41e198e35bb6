import { DAG, expand, task, Variable } from '@tsflow/core';
import { startDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';

const copies = new DAG(
  { dagId: 'copies', maxActiveTasks: Variable.number('copies_at_once', { default: 2 }) },
  () => {
    task('copy', (_context, { n }) => n, { n: expand([1, 2, 3, 4, 5, 6]) });
  },
);

test('a change of the Variable takes effect while the run goes on, and kills nothing', async () => {
  await using played = await startDag(copies, { tasks: { copy: takes('1h') } });
  const runId = await played.trigger();
  const running = async () => {
    const { states } = await played.report(runId);
    return Object.values(states).filter((state) => state === 'running').length;
  };
  await played.advance('1m');
  expect(await running()).toBe(2);
  await played.setVariable('copies_at_once', 4);
  expect(await running()).toBe(4);
  await played.setVariable('copies_at_once', 1);
  expect(await running()).toBe(4);
  await played.advance('1h');
  expect(await running()).toBe(1);
  (await played.finished(runId)).assertSucceeded();
});

const nights = new DAG(
  {
    dagId: 'nights',
    timezone: 'Asia/Tokyo',
    maxActiveTasks: { default: 1, windows: [{ cron: '0 1 * * *', for: '5h', value: 4 }] },
  },
  () => {
    task('copy', (_context, { n }) => n, { n: expand([1, 2, 3, 4, 5, 6]) });
  },
);

test('one by day, four from one to six in the night', async () => {
  // Half past midnight in Tokyo.
  await using played = await startDag(nights, { now: '2026-02-28T15:30:00Z', tasks: { copy: takes('2h') } });
  const runId = await played.trigger();
  const running = async () =>
    Object.values((await played.report(runId)).states).filter((state) => state === 'running').length;
  await played.advance('10m');
  expect(await running()).toBe(1);
  await played.advance('30m');
  expect(await running()).toBe(4);
});

const pooled = new DAG({ dagId: 'pooled' }, () => {
  task('query', (_context, { n }) => n, { n: expand([1, 2, 3]) }, { pool: 'warehouse' });
});

test('a pool in a test has the slots that the test gives it', async () => {
  await using played = await startDag(pooled, { pools: { warehouse: 1 }, tasks: { query: takes('1h') } });
  const runId = await played.trigger();
  await played.advance('1m');
  const running = async () =>
    Object.values((await played.report(runId)).states).filter((one) => one === 'running');
  expect(await running()).toHaveLength(1);
  await played.setPool('warehouse', 3);
  expect(await running()).toHaveLength(3);
});
