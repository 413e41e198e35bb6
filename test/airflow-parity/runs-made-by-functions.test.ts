import { Asset, DAG, task } from '@tsflow/core';
import { AssetTimetable } from '@tsflow/core/timetables';
import type { Workload } from '@tsflow/scheduler/executors';
import { startDags } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** What a function task makes elsewhere while it runs: runs of other DAGs, events of assets. Each is made once, however often it is tried. */

const schema = {
  type: 'object',
  properties: { size: { type: 'integer' } },
  additionalProperties: false,
} as const;
const orders = { name: 'orders', uri: null, description: null, freshnessMs: null };
const dags = [
  serializedDag('parent', { make: { retries: 3, retryDelayMs: 0 }, other: {} }),
  serializedDag('child', { work: {} }, { paramsSchema: schema }),
  serializedDag(
    'on_orders',
    { work: {} },
    { assets: [orders], timetable: new AssetTimetable(new Asset('orders').condition).toJson() },
  ),
];
const failed = {
  kind: 'failed',
  error: { name: 'Error', message: 'no' },
  retryable: true,
} as const;

describe.each(DATABASES)('what a function makes elsewhere, on %s', (dialect) => {
  const start = () => SchedulerHarness.start(dialect, dags, () => null);
  const trigger = (tsflow: SchedulerHarness, workload: Workload, call = 0, conf = {}, dagId = 'child') =>
    tsflow.executor.ask(workload, { verb: 'trigger_run', dagId, conf, logicalDate: null, call });
  const post = (tsflow: SchedulerHarness, workload: Workload, call = 0, asset = 'orders') =>
    tsflow.executor.ask(workload, { verb: 'post_asset_event', asset, extra: {}, partition: null, call });
  const next = (tsflow: SchedulerHarness, taskId: string, after?: Workload) =>
    until(`${taskId} runs`, async () =>
      tsflow.executor.running.find((one) => one.taskId === taskId && one !== after),
    );
  const runsOf = async (tsflow: SchedulerHarness, dagId: string) =>
    (
      await tsflow.store.db
        .selectFrom('dagRun')
        .select(['runId', 'conf'])
        .where('dagId', '=', dagId)
        .orderBy('key')
        .execute()
    ).map(({ runId, conf }) => [runId, conf]);

  it.each<[what: string, again: (tsflow: SchedulerHarness, of: Workload) => unknown]>([
    ['its try fails', ({ executor }, workload) => executor.finish(workload, failed)],
    ['its runner is lost', ({ executor }, workload) => executor.lose(workload, 'gone')],
    [
      'its runner is lost and another task of the run was cleared meanwhile',
      async (tsflow, workload) => {
        await tsflow.ask('parent', { kind: 'clear', payload: { runId: workload.runId, taskIds: ['other'] } });
        tsflow.executor.lose(workload, 'gone');
      },
    ],
  ])('is made once when %s', async (_what, again) => {
    await using tsflow = await start();
    await tsflow.trigger('parent');
    const first = await next(tsflow, 'make');
    const made = await trigger(tsflow, first, 0, { size: 3 });
    const posted = await post(tsflow, first);
    // Repeated by a runner that heard no answer.
    expect(await trigger(tsflow, first, 0, { size: 3 })).toEqual(made);
    await again(tsflow, first);
    const second = await next(tsflow, 'make', first);
    expect(await trigger(tsflow, second, 0, { size: 3 })).toEqual(made);
    expect(await post(tsflow, second)).toEqual(posted);
    expect(await runsOf(tsflow, 'child')).toEqual([
      [(made as { runId: string }).runId, JSON.stringify({ size: 3 })],
    ]);
    // A second call is a second run.
    await trigger(tsflow, second, 1);
    await post(tsflow, second, 1);
    expect((await runsOf(tsflow, 'child')).length).toBe(2);
    expect((await tsflow.store.db.selectFrom('assetEvent').selectAll().execute()).length).toBe(2);
    await until('the events have made runs', async () => (await runsOf(tsflow, 'on_orders')).length > 0);
    // One that was replaced makes nothing any more.
    await expect(trigger(tsflow, first, 2)).rejects.toThrow(/no longer the newest/);
  });

  it('is made anew when the task is cleared', async () => {
    await using tsflow = await start();
    const runId = await tsflow.trigger('parent');
    const first = await next(tsflow, 'make');
    await trigger(tsflow, first);
    await tsflow.ask('parent', { kind: 'clear', payload: { runId, taskIds: ['make'] } });
    await trigger(tsflow, await next(tsflow, 'make', first));
    expect((await runsOf(tsflow, 'child')).length).toBe(2);
  });

  it('is not made by an attempt that is ended because its task was cleared', async () => {
    const undoes = serializedDag('parent', { make: { onKill: true } });
    await using tsflow = await SchedulerHarness.start(dialect, [undoes, ...dags.slice(1)], () => null);
    const runId = await tsflow.trigger('parent');
    const first = await next(tsflow, 'make');
    const made = await trigger(tsflow, first);
    await tsflow.ask('parent', { kind: 'clear', payload: { runId, taskIds: ['make'] } });
    const undoing = await until('its onKill runs', () =>
      tsflow.executor.running.find(({ kind }) => kind === 'on_kill'),
    );
    await expect(trigger(tsflow, undoing)).rejects.toThrow(/makes no runs/);
    await expect(post(tsflow, undoing)).rejects.toThrow(/posts no events/);
    tsflow.executor.finish(undoing, { kind: 'success', xcoms: {} });
    const second = await until('it runs again', () =>
      tsflow.executor.running.find(({ kind, taskId }) => kind !== 'on_kill' && taskId === 'make'),
    );
    expect(await trigger(tsflow, second)).not.toEqual(made);
    expect((await runsOf(tsflow, 'child')).length).toBe(2);
  });

  it.each<[why: string, conf: object, dagId: string, message: RegExp]>([
    ['the params do not take it', { size: 'big' }, 'child', /size/],
    ['there is no such DAG', {}, 'chidl', /chidl/],
  ])('is refused in words when %s', async (_why, conf, dagId, message) => {
    await using tsflow = await start();
    await tsflow.trigger('parent');
    await expect(trigger(tsflow, await next(tsflow, 'make'), 0, conf, dagId)).rejects.toThrow(message);
    await expect(post(tsflow, await next(tsflow, 'make'), 0, 'gone')).rejects.toThrow(/gone/);
    expect(await runsOf(tsflow, 'child')).toEqual([]);
  });

  it('waits in a DAG that is paused, and says which run it is', async () => {
    await using tsflow = await start();
    await tsflow.ask('child', { kind: 'pause', payload: { isPaused: true } });
    await tsflow.trigger('parent');
    const made = await trigger(tsflow, await next(tsflow, 'make'));
    await tsflow.runIs('child', (made as { runId: string }).runId, 'queued');
  });
});

const child = new DAG(
  { dagId: 'child', params: z.object({ size: z.number().default(1) }) },
  ({ task: typed }) => {
    typed('work', ({ params }) => params.size);
  },
);
const parent = new DAG({ dagId: 'parent', defaultArgs: { retries: 1, retryDelay: '1m' } }, () => {
  task('make', async ({ dagRuns, tryNumber, logicalDate }) => {
    const made = [];
    for (const size of [1, 2, 3]) made.push(await dagRuns.trigger(child, { conf: { size }, logicalDate }));
    if (tryNumber === 1) throw new Error('after all was made');
    return made.map(({ runId }) => runId);
  });
});

it('a function makes runs with their params, and the next try finds them', async () => {
  await using test = await startDags([parent, child]);
  const run = await test.of(parent).finished(await test.of(parent).trigger());
  const runs = await test.of(child).runs();
  expect(run.assertSucceeded().output('make')).toEqual(runs.map(({ runId }) => runId));
  expect(runs.map((one) => one.output('work'))).toEqual([1, 2, 3]);
});

it('a function is told what is wrong with what it asks for', async () => {
  const wrong = (dagId: string, ask: (context: Parameters<Parameters<typeof task>[1]>[0]) => unknown) =>
    new DAG({ dagId }, () => {
      task('make', async (context) => {
        await ask(context);
      });
    });
  const dags = [
    wrong('nowhere', ({ dagRuns }) => dagRuns.trigger('chlid')),
    wrong('list', ({ dagRuns }) => dagRuns.trigger<typeof child>('child', { conf: { size: Number.NaN } })),
    wrong('date', ({ dagRuns }) => dagRuns.trigger(child, { logicalDate: 'someday' })),
    wrong('asset', ({ assets }) => assets.post('nothing')),
  ];
  await using test = await startDags([...dags, child]);
  const said = [];
  for (const dag of dags) {
    const run = await test.of(dag).finished(await test.of(dag).trigger());
    said.push(run.attempts[0]!.error?.message);
  }
  expect(said).toEqual([
    expect.stringMatching(/DAG.*chlid/),
    expect.stringMatching(/conf/),
    expect.stringMatching(/logicalDate expects an instant, got someday/),
    expect.stringMatching(/nothing/),
  ]);
});
