import { Asset } from '@tsflow/core';
import type { DagAnswer } from '@tsflow/core/store';
import { askDag, postAssetEvent } from '@tsflow/core/store';
import { AssetTimetable } from '@tsflow/core/timetables';
import type { Workload } from '@tsflow/scheduler/executors';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** What is asked for under a key is done once: a run that a person triggers, an event that a program posts, and what a task makes elsewhere. */

const assets = ['orders', 'refunds'].map((name) => {
  return { name, uri: null, description: null, freshnessMs: null };
});
const dags = [
  serializedDag('maker', { make: {} }),
  serializedDag('etl', { load: {} }, { assets }),
  serializedDag(
    'on_orders',
    { use: {} },
    { assets, timetable: new AssetTimetable(new Asset('orders').condition).toJson() },
  ),
];

describe.each(DATABASES)('a key that a person gives, on %s', (dialect) => {
  const start = () =>
    SchedulerHarness.start(dialect, dags, ({ dagId }) =>
      dagId === 'maker' ? null : { kind: 'success', xcoms: {} },
    );
  const trigger = ({ store }: SchedulerHarness, idempotencyKey: string, dagId = 'etl'): Promise<DagAnswer> =>
    askDag(store, {
      dagId,
      intent: { kind: 'trigger', payload: { conf: {} } },
      actor: 'ann',
      idempotencyKey,
    });
  const post = ({ store }: SchedulerHarness, idempotencyKey: string | null, asset = 'orders') =>
    postAssetEvent(store, {
      asset,
      extra: {},
      partition: null,
      actor: 'ann',
      at: Date.now(),
      idempotencyKey,
    });
  const runsOf = ({ store }: SchedulerHarness, dagId: string) =>
    store.db.selectFrom('dagRun').select('runId').where('dagId', '=', dagId).execute();

  it('makes one run, however often it comes', async () => {
    await using tsflow = await start();
    const [first, again, other] = [
      await trigger(tsflow, 'one'),
      await trigger(tsflow, 'one'),
      await trigger(tsflow, 'two'),
    ];
    expect(again).toEqual(first);
    expect(other).toMatchObject({ state: 'applied' });
    expect(await runsOf(tsflow, 'etl')).toHaveLength(2);
    await expect(trigger(tsflow, 'one', 'maker')).rejects.toThrow(
      'The idempotency key "one" was used for trigger of DAG "etl".',
    );
  });

  it('posts one event, and makes one run of it', async () => {
    await using tsflow = await start();
    const first = await post(tsflow, 'file-17');
    const again = await post(tsflow, 'file-17');
    expect(first).toMatchObject({ repeated: false, consumers: [{ dagId: 'on_orders', state: 'run' }] });
    expect(again).toEqual({ ...first, repeated: true });
    await expect(post(tsflow, 'file-17', 'refunds')).rejects.toThrow(
      'The idempotency key "file-17" was used for an event of the asset "orders".',
    );
    await post(tsflow, null);
    await post(tsflow, null);
    await until('each other post is a run', async () => (await runsOf(tsflow, 'on_orders')).length === 3);
  });

  // What a task makes elsewhere has keys of its own: `<word>:<instance>/<clears>/<call>`.
  const byTask = {
    run: {
      word: 'run_of_task',
      ask: (tsflow: SchedulerHarness, workload: Workload) =>
        tsflow.executor.ask(workload, {
          verb: 'trigger_run',
          dagId: 'etl',
          conf: {},
          logicalDate: null,
          call: 0,
        }),
      person: (tsflow: SchedulerHarness, key: string) => trigger(tsflow, key),
      made: (tsflow: SchedulerHarness) => runsOf(tsflow, 'etl'),
    },
    event: {
      word: 'event_of_task',
      ask: (tsflow: SchedulerHarness, workload: Workload) =>
        tsflow.executor.ask(workload, {
          verb: 'post_asset_event',
          asset: 'orders',
          extra: {},
          partition: null,
          call: 0,
        }),
      person: (tsflow: SchedulerHarness, key: string) => post(tsflow, key),
      made: ({ store }: SchedulerHarness) => store.db.selectFrom('assetEvent').select('eventId').execute(),
    },
  };

  // biome-ignore format: a table
  it.each([
    // what      the person's key               who is first
    ['run',   'the very key of the task',    'person'],
    ['run',   'the very key of the task',    'task'],
    ['run',   'the key with a prefix',       'task'],
    ['event', 'the very key of the task',    'person'],
    ['event', 'the very key of the task',    'task'],
    ['event', 'the key with a prefix',       'task'],
  ] as const)('is none of a task: a %s under %s, the %s first', async (what, which, first) => {
    await using tsflow = await start();
    const { word, ask, person, made } = byTask[what];
    const runId = await tsflow.trigger('maker');
    const { key } = await tsflow.taskIs('maker', runId, 'make', 'running');
    const workload = await until('make runs', () => tsflow.executor.running.find(({ taskId }) => taskId === 'make'));
    const given = `${which === 'the key with a prefix' ? 'asked:' : ''}${word}:${key}/0/0`;
    const asks = [() => person(tsflow, given), () => ask(tsflow, workload)];
    for (const one of first === 'person' ? asks : asks.reverse()) await one();
    expect(await made(tsflow)).toHaveLength(2);
    // Each again is what it made before.
    for (const one of asks) await one();
    expect(await made(tsflow)).toHaveLength(2);
  });
});
