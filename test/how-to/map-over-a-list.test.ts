import { BashOperator, DAG, expand, expandGroup, forEach, task, zip } from '@tsflow/core';
import { fails, returns, runDag, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

const days = ['2026-03-01', '2026-03-02'];

const tables = new DAG({ dagId: 'tables' }, () => {
  const list = task('list', () => [
    { name: 'users', rows: 3 },
    { name: 'orders', rows: 40 },
  ]);
  const load = task('load', (_context, { table, mode }) => `${mode} ${table.name}`, {
    table: expand(list.output),
    mode: 'all',
  });
  const report = task('report', (_context, { loaded }) => loaded.join(), { loaded: load.output });

  const big = BashOperator.partial({ taskId: 'big', command: 'echo "$NAME"' }).expand({
    env: list.output.filter(({ rows }) => rows > 10).map(({ name }) => ({ NAME: name })),
  });
  const numbered = task('numbered', (_context, { pair: [table, n] }) => `${n}: ${table.name}`, {
    pair: expand(zip(list.output, [1, 2])),
  });
  const each = expandGroup(
    'each',
    { table: list.output },
    ({ table }) => {
      const read = task('read', (_context, { table }) => table.rows, { table });
      return task('write', (_context, { rows }) => rows * 2, { rows: read.output });
    },
    { maxActiveTasks: 2 },
  );
  const total = task('total', (_context, { counts }) => counts.reduce((a, b) => a + b, 0), {
    counts: each.exports.output,
  });
  const named = task(
    'named',
    (_context, { table }) => table.rows,
    { table: expand(list.output) },
    { mapIndexTemplate: '{{ table.name }}' },
  );
  const inGroup = forEach(
    'by_day',
    days,
    ({ item }) => task('copy', (_context, { day }) => day, { day: item }),
    {
      mapIndexTemplate: ({ item }) => `day ${item}`,
    },
  );
  return { report, big, numbered, total, named, inGroup };
});

test('one instance for each element, and a list of what they returned', async () => {
  const run = (await runDag(tables)).assertSucceeded();
  expect(run.output(tables.exports.report)).toBe('all users,all orders');
  expect(run.output(tables.exports.big)).toEqual(['orders']);
  expect(run.output(tables.exports.numbered)).toEqual(['1: users', '2: orders']);
  expect(run.output(tables.exports.total)).toBe(86);
  const { renderedMapIndexes } = run;
  expect([renderedMapIndexes['named[1]'], renderedMapIndexes['by_day.copy[0]']]).toEqual([
    'orders',
    'day 2026-03-01',
  ]);
});

test('one index fails, and it alone runs again', async () => {
  const load = returns(({ context, call }) => {
    if (context.mapIndex === 1 && call < 3) throw new Error('no');
    return `loaded ${context.mapIndex}`;
  });
  await using played = await startDag(tables, { tasks: { load } });
  const runId = await played.trigger();
  const failed = (await played.finished(runId)).assertFailed();
  expect([failed.states['load[0]'], failed.states['load[1]'], failed.states.report]).toEqual([
    'success',
    'failed',
    'upstream_failed',
  ]);
  await played.ask({ kind: 'clear', payload: { runId, onlyFailed: true } });
  const run = await played.finished(runId);
  expect(run.order.filter((id) => id === 'load[0]')).toHaveLength(1);
});

test('an empty list skips the task', async () => {
  const run = await runDag(tables, { tasks: { list: returns([]), report: fails() } });
  expect([run.states.load, run.states.report]).toEqual(['skipped', 'skipped']);
});
