import { Asset, type AssetExpression, all, any } from '@tsflow/core';
import type { EmittedAssetEvent } from '@tsflow/core/assets';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { AssetEventTable, DagRunTable } from '@tsflow/core/store';
import { AssetTimetable } from '@tsflow/core/timetables';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { done, type ScriptedOutcome } from '../support/scripted-outcomes.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const failed: ScriptedOutcome = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true };
const skipped: ScriptedOutcome = { kind: 'skipped', reason: 'nothing new' };
const [a, b, c] = [new Asset('a'), new Asset('b'), new Asset('c')];

/** A DAG that is scheduled on assets, with one task. */
function consumer(dagId: string, when: AssetExpression, dag: Partial<SerializedDag> = {}): SerializedDag {
  const timetable = new AssetTimetable(when.condition);
  return serializedDag(
    dagId,
    { use: {} },
    {
      timetable: timetable.toJson(),
      assets: when.assets.map(({ name }) => ({ name, uri: null, description: null, freshnessMs: null })),
      ...dag,
    },
  );
}

/** A DAG whose task `write` has outlets. */
function producer(dagId: string, outlets: readonly string[], task: TaskSpec = {}): SerializedDag {
  const assets = outlets.map((name) => ({ name, uri: null, description: null, freshnessMs: null }));
  return serializedDag(dagId, { write: { outlets, ...task } }, { assets });
}

/** Every task ends as its DAG says; default: well. */
const script =
  (outcomes: Readonly<Record<string, ScriptedOutcome | null>> = {}): Script =>
  ({ dagId }) =>
    dagId in outcomes ? outcomes[dagId]! : done;

async function runsOf({ store }: SchedulerHarness, dagId: string): Promise<readonly DagRunTable[]> {
  return store.db.selectFrom('dagRun').selectAll().where('dagId', '=', dagId).orderBy('key').execute();
}

async function eventsOf(tsflow: SchedulerHarness, run: DagRunTable): Promise<readonly AssetEventTable[]> {
  return tsflow.store.assets.eventsOfRun(run.key);
}

/** Waits until nothing is on its way any more: every intent is decided. */
async function settled({ store, scheduler }: SchedulerHarness): Promise<void> {
  await until('no intent is pending', async () => {
    scheduler.ping('intents');
    const pending = await store.db.selectFrom('intent').selectAll().where('state', '=', 'pending').execute();
    return pending.length === 0;
  });
}

async function produce(tsflow: SchedulerHarness, dagId: string): Promise<string> {
  const runId = await tsflow.trigger(dagId);
  await tsflow.runIs(dagId, runId, 'success', 'failed');
  await settled(tsflow);
  return runId;
}

async function post(tsflow: SchedulerHarness, asset: string, partition: string | null = null) {
  const event = { asset, extra: {}, partition, actor: 'ann', at: Date.now(), idempotencyKey: null };
  const posted = await tsflow.store.assets.post(event);
  await settled(tsflow);
  return posted;
}

interface Row {
  readonly name: string;
  readonly outcome: ScriptedOutcome;
  readonly task?: TaskSpec;
  /** Asset and partition of each event, and of how many runs of the consumer of `a`. */
  readonly events: readonly string[];
  readonly runs: number;
}

const emitted = (asset: string, partition: string | null = null): EmittedAssetEvent => {
  return { asset, extra: { rows: 3 }, partition };
};

const OUTLETS: readonly Row[] = [
  { name: 'a success updates each outlet', outcome: done, events: ['a', 'b'], runs: 1 },
  { name: 'a failure updates none', outcome: failed, events: [], runs: 0 },
  { name: 'a skip updates none', outcome: skipped, events: [], runs: 0 },
  {
    name: 'a task that failed for now updates none yet',
    outcome: failed,
    task: { retries: 1, retryDelayMs: 1 },
    events: [],
    runs: 0,
  },
  {
    name: 'what the task says takes the place of what it would say by itself',
    outcome: { ...done, assetEvents: [emitted('a', '2026-01-01')] },
    events: ['a@2026-01-01', 'b'],
    runs: 1,
  },
  {
    name: 'a task may say several things of one outlet',
    outcome: { ...done, assetEvents: [emitted('a', 'mon'), emitted('a', 'tue')] },
    events: ['a@mon', 'a@tue', 'b'],
    runs: 2,
  },
];

const CONDITIONS: readonly {
  readonly when: AssetExpression;
  readonly posts: readonly string[];
  /** For each run the assets of its events. */
  readonly runs: readonly string[];
}[] = [
  { when: a, posts: ['a', 'a'], runs: ['a', 'a'] },
  { when: all(a, b), posts: ['a'], runs: [] },
  { when: all(a, b), posts: ['a', 'b'], runs: ['a b'] },
  { when: all(a, b), posts: ['a', 'a', 'b', 'b'], runs: ['a a b'] },
  { when: all(a, b), posts: ['a', 'b', 'b', 'a'], runs: ['a b', 'b a'] },
  { when: any(a, b), posts: ['b', 'c', 'a'], runs: ['b', 'a'] },
  { when: a.or(b.and(c)), posts: ['c', 'b', 'a'], runs: ['c b', 'a'] },
  { when: all(a, b), posts: ['a@mon', 'b@tue', 'b@mon'], runs: ['a b'] },
];

describe.each(DATABASES)('assets on %s', (dialect) => {
  it.each(OUTLETS)('outlets: $name', async ({ outcome, task, events, runs }) => {
    const dags = [producer('make', ['a', 'b'], task), consumer('use', a)];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script({ make: outcome }));

    const runId = await tsflow.trigger('make');
    await tsflow.taskIs('make', runId, 'write', outcome.kind);
    await settled(tsflow);

    const rows = await tsflow.store.db.selectFrom('assetEvent').selectAll().orderBy('eventId').execute();
    expect(
      rows.map(({ asset, partitionKey }) => asset + (partitionKey === null ? '' : `@${partitionKey}`)),
    ).toEqual(events);
    expect(await runsOf(tsflow, 'use')).toHaveLength(runs);
    for (const row of rows) expect(row).toMatchObject({ dagId: 'make', runId, taskId: 'write' });
  });

  it.each(CONDITIONS)('a schedule on assets: %$', async ({ when, posts, runs }) => {
    const dags = [producer('names', ['a', 'b', 'c']), consumer('use', when)];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script());

    for (const posted of posts) {
      const [asset, partition = null] = posted.split('@') as [string, string?];
      await post(tsflow, asset, partition);
    }

    const made = await runsOf(tsflow, 'use');
    const listed = await Promise.all(made.map((run) => eventsOf(tsflow, run)));
    expect(listed.map((events) => events.map(({ asset }) => asset).join(' '))).toEqual(runs);
    for (const run of made) {
      expect(run).toMatchObject({ runType: 'asset_triggered', slot: null });
      await tsflow.runIs('use', run.runId, 'success');
    }
  });

  it('makes one run of what comes while there is no room for another', async () => {
    const dags = [consumer('use', a, { maxActiveRuns: 1 })];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script({ use: null }));
    await post(tsflow, 'a');
    const [first] = await until('it runs', async () => {
      const runs = await runsOf(tsflow, 'use');
      return tsflow.executor.running.length === 1 ? runs : null;
    });

    for (let i = 0; i < 3; i++) await post(tsflow, 'a');
    expect(await runsOf(tsflow, 'use')).toHaveLength(1);
    tsflow.executor.finish(tsflow.executor.running[0]!, done);

    await tsflow.runIs('use', first!.runId, 'success');
    const runs = await until('a second run', async () => {
      const all = await runsOf(tsflow, 'use');
      return all.length === 2 ? all : null;
    });
    expect(await eventsOf(tsflow, runs[1]!)).toHaveLength(3);
  });

  it('does not keep events while the consumer is paused', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [consumer('use', all(a, b))], script());
    await post(tsflow, 'a');
    await tsflow.ask('use', { kind: 'pause', payload: { isPaused: true } });
    await post(tsflow, 'b');
    await tsflow.ask('use', { kind: 'pause', payload: { isPaused: false } });
    await settled(tsflow);
    expect(await runsOf(tsflow, 'use')).toEqual([]);

    // What came before the pause still counts.
    await post(tsflow, 'b');
    expect(await runsOf(tsflow, 'use')).toHaveLength(1);
  });

  it('forgets events of assets that the schedule names no longer', async () => {
    const dags = [producer('names', ['a', 'b', 'c']), consumer('use', all(a, b))];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script());
    await post(tsflow, 'a');
    await tsflow.record(consumer('use', all(b, c)));
    await tsflow.record(consumer('use', all(a, b)));
    await post(tsflow, 'b');
    expect(await runsOf(tsflow, 'use')).toEqual([]);
    const arrivals = await tsflow.store.db
      .selectFrom('assetArrival')
      .select(['asset', 'state'])
      .orderBy('eventId')
      .execute();
    expect(arrivals).toEqual([
      { asset: 'a', state: 'dropped' },
      { asset: 'b', state: 'pending' },
    ]);
  });

  it('gives the run the interval and the partition of what brought it about', async () => {
    const events = { make: { ...done, assetEvents: [emitted('a', 'mon')] } };
    const dags = [producer('make', ['a']), consumer('use', a)];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script(events));
    const runId = await produce(tsflow, 'make');
    const source = (await tsflow.run('make', runId))!;
    const [run] = await runsOf(tsflow, 'use');
    expect(run).toMatchObject({
      partitionKey: 'mon',
      dataIntervalStart: source.dataIntervalStart,
      dataIntervalEnd: source.dataIntervalEnd,
    });
    await tsflow.runIs('use', run!.runId, 'success');
    const [workload] = tsflow.executor.granted.filter(({ dagId }) => dagId === 'use');
    expect(workload).toMatchObject({ partition: 'mon', runType: 'asset_triggered' });
  });

  it('keeps what is pending over a restart', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [consumer('use', all(a, b))], script());
    await post(tsflow, 'a');
    await tsflow.restart();
    await post(tsflow, 'b');
    const [run] = await runsOf(tsflow, 'use');
    expect((await eventsOf(tsflow, run!)).map(({ asset }) => asset)).toEqual(['a', 'b']);
  });

  it('refuses an event of an asset that no DAG names', async () => {
    await using tsflow = await SchedulerHarness.start(
      dialect,
      [consumer('use', new Asset('orders'))],
      script(),
    );
    await expect(post(tsflow, 'order')).rejects.toThrow('Did you mean "orders"?');
  });

  it('tells twenty consumers of one event, each once', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `use-${i}`);
    const dags = [producer('make', ['a']), ...ids.map((id) => consumer(id, a))];
    await using tsflow = await SchedulerHarness.start(dialect, dags, script());
    await produce(tsflow, 'make');
    for (const id of ids) expect(await runsOf(tsflow, id)).toHaveLength(1);
  });
});
