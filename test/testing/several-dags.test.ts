import {
  Asset,
  AssetSensor,
  DAG,
  EnsureDagRunOperator,
  ExternalTaskSensor,
  TriggerDagRunOperator,
  task,
} from '@tsflow/core';
import { fails, returns, startDags, takes } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const orders = new Asset('orders');

const load = new DAG(
  { dagId: 'load', schedule: '0 3 * * *', params: z.object({ table: z.string().default('all') }) },
  ({ task: typed }) => {
    typed('extract', ({ params }) => params.table, {}, { outlets: [orders] });
  },
);
const report = new DAG({ dagId: 'report', schedule: '0 4 * * *' }, () => {
  const loaded = new ExternalTaskSensor({
    taskId: 'loaded',
    dagId: 'load',
    externalTaskId: 'extract',
    executionDelta: '1h',
  });
  loaded.before(task('write', ({ ds }) => `report of ${ds}`));
});
const onOrders = new DAG({ dagId: 'on_orders', schedule: [orders] }, () => {
  task('count', async ({ assets }) => (await assets.triggeredBy()).length);
});
const parent = new DAG({ dagId: 'parent' }, () => {
  new TriggerDagRunOperator({
    taskId: 'start',
    dagId: 'load',
    conf: { table: 'days' },
    waitForCompletion: true,
  });
});
const ensured = new DAG({ dagId: 'ensured', defaultArgs: { retries: 1, retryDelay: '10m' } }, () => {
  new EnsureDagRunOperator({ taskId: 'loaded', dagId: 'load' });
});

describe('several DAGs of one test', () => {
  it('wait for each other on one clock', async () => {
    await using test = await startDags([load, report], {
      now: '2026-03-01T00:00:00Z',
      schedule: true,
      tasks: { load: { extract: takes('90m', returns('all')) } },
    });
    await test.advanceTo('2026-03-01T04:15:00Z');
    const [run] = await test.of(report).runs();
    expect(run!.states).toEqual({ loaded: 'deferred', write: 'none' });
    await test.advanceTo('2026-03-01T05:00:00Z');
    const done = await test.of(report).report(run!.runId);
    expect(done.assertSucceeded().output('write')).toBe('report of 2026-03-01');
    const write = done.attempts.find(({ taskId }) => taskId === 'write')!;
    expect(write.startDate).toEqual(new Date('2026-03-01T04:30:00Z'));
  });

  it('start runs of each other, with the conf that is theirs', async () => {
    await using test = await startDags([parent, load]);
    const run = await test.of(parent).finished(await test.of(parent).trigger());
    run.assertSucceeded();
    const [started] = await test.of(load).runs();
    expect(started!.output('extract')).toBe('days');
    expect(run.output('start')).toMatchObject({ dagId: 'load', runId: started!.runId, state: 'success' });
  });

  it('share a run that is ensured', async () => {
    await using test = await startDags([ensured, load], { tasks: { load: { extract: fails(1) } } });
    const logicalDate = '2026-01-01';
    const runs = await Promise.all([1, 2].map(() => test.of(ensured).trigger({ logicalDate })));
    for (const runId of runs) (await test.of(ensured).finished(runId)).assertSucceeded();
    expect(await test.of(load).runs()).toHaveLength(1);
  });

  it('are told of assets by each other, and from outside', async () => {
    const waiting = new DAG({ dagId: 'waiting' }, () => {
      new AssetSensor({ taskId: 'new_orders', asset: orders });
    });
    await using test = await startDags([load, onOrders, waiting], { schedule: true });
    const runId = await test.of(waiting).trigger();
    await test.of(load).finished(await test.of(load).trigger());
    await test.advance('1m');
    expect((await test.of(waiting).report(runId)).state).toBe('success');
    await test.post(orders, { extra: { rows: 3 } });
    const runs = await test.of(onOrders).runs();
    expect(runs.map(({ state }) => state)).toEqual(['success', 'success']);
  });

  it('are known by their ids', async () => {
    await expect(startDags([load, report], { tasks: { lod: {} } })).rejects.toThrow(/Did you mean "load"/);
    await expect(startDags([load, load])).rejects.toThrow(/two DAGs have one id/);
    await using test = await startDags([load]);
    expect(() => test.of(report)).toThrow(/The test has load/);
  });
});
