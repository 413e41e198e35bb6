import { DAG, EnsureDagRunOperator, TriggerDagRunOperator, task } from '@tsflow/core';
import { fails, returns, startDags, type TaskFake, takes } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const load = new DAG(
  { dagId: 'load', params: z.object({ table: z.string().default('all') }) },
  ({ task: typed }) => {
    typed('read', ({ params }) => params.table);
  },
);
const mart = new DAG({ dagId: 'mart', defaultArgs: { retries: 1, retryDelay: '10m' } }, () => {
  new EnsureDagRunOperator({ taskId: 'loaded', dagId: 'load' }).before(task('build', () => 'built'));
});
const day = { logicalDate: '2026-03-01' };

/** `require>`: the other workflow has run for this session time, whoever started it. */
describe('require', () => {
  // biome-ignore format: a table
  test.each<[string, TaskFake, 'none' | 'running' | 'ended', string, number]>([
    // the other run is      what its task does      before this one   this run   tries of the other's task
    ['absent',               returns('all'),         'none',           'success', 1],
    ['running',              takes('2h'),            'running',        'success', 1],
    ['done',                 returns('all'),         'ended',          'success', 1],
    ['failed once',          fails(1),               'ended',          'success', 2],
    ['failed for ever',      fails(),                'ended',          'failed',  3],
  ])('one that is %s', async (_what, read, before, state, tries) => {
    await using test = await startDags([load, mart], { now: '2026-03-01T05:00:00Z', tasks: { load: { read } } });
    if (before !== 'none') {
      const runId = await test.of(load).trigger(day);
      if (before === 'ended') await test.of(load).finished(runId);
    }
    const run = await test.of(mart).finished(await test.of(mart).trigger(day));
    const others = await test.of(load).runs();
    expect([run.state, others.map((other) => other.tries.read)]).toEqual([state, [tries]]);
  });

  test('waits without a process: nothing of it runs meanwhile', async () => {
    await using test = await startDags([load, mart], { tasks: { load: { read: takes('2h') } } });
    const runId = await test.of(mart).trigger(day);
    await test.advance('1h');
    expect((await test.of(mart).report(runId)).states).toEqual({ loaded: 'deferred', build: 'none' });
  });
});

/** `call>` of a workflow with params of its own: three runs, each with its own. */
test('call: three runs with three params, and the caller waits for them', async () => {
  const caller = new DAG({ dagId: 'caller' }, () => {
    const tables = ['a', 'b', 'c'];
    const calls = tables.map(
      (table) =>
        new TriggerDagRunOperator({ taskId: table, dagId: 'load', conf: { table }, waitForCompletion: true }),
    );
    task('after', () => 'all three').after(...calls);
  });
  await using test = await startDags([load, caller], { tasks: { load: { read: takes('1h') } } });
  const run = await test.of(caller).finished(await test.of(caller).trigger());
  expect(run.assertSucceeded().output('after')).toBe('all three');
  expect((await test.of(load).runs()).map((one) => one.output('read')).sort()).toEqual(['a', 'b', 'c']);
});
