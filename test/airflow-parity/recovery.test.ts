import { Asset, AssetSensor, DAG } from '@tsflow/core';
import type { ClearPayload, Intent } from '@tsflow/core/intents';
import { listAttempts, listXcoms } from '@tsflow/core/queries';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import { clearPreview, MAX_NEIGHBOURS, markPreview } from '@tsflow/core/store';
import { ManualClock } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Clearing and marking (semantics, section 14; digdag's resume and rerun from): what they touch, on which code, and what stays readable. */

const specs: Record<string, TaskSpec> = {
  a: {},
  b: { upstream: ['a'] },
  c: { upstream: ['b'] },
  side: { upstream: ['a'] },
  d: { upstream: ['c', 'side'] },
};
const daily = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
const etl = serializedDag('etl', specs, { timetable: daily });
const good: Script = ({ tryNumber, taskId }) => ({
  kind: 'success',
  xcoms: { return_value: `${taskId}${tryNumber}` },
});
const bad = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false } as const;
const runOf = (n: number) => `backfill__2026-01-0${n}T00:00:00Z`;

async function threeDays(
  dialect: (typeof DATABASES)[number],
  script: Script = good,
): Promise<SchedulerHarness> {
  const tsflow = await SchedulerHarness.start(dialect, [etl], script);
  await tsflow.ask('etl', {
    kind: 'backfill',
    payload: {
      start: '2026-01-01T00:00:00Z',
      end: '2026-01-03T00:00:00Z',
      reprocess: 'none',
      reverse: false,
      maxActiveRuns: 3,
      conf: {},
    },
  });
  for (const n of [1, 2, 3]) await tsflow.runIs('etl', runOf(n), 'success', 'failed');
  return tsflow;
}

const start = (
  dialect: (typeof DATABASES)[number],
  dags: readonly SerializedDag[],
  script: Script,
  clock: ManualClock,
) => SchedulerHarness.start(dialect, dags, script, (store) => store, clock);

const clear = (payload: ClearPayload): Intent => ({ kind: 'clear', payload });
const waitingForTheLake = () =>
  serializeDag(
    new DAG({ dagId: 'etl' }, () => {
      new AssetSensor({ taskId: 'sensor', asset: new Asset('lake'), since: 'runStart' });
    }),
  );
const ofLake = { asset: 'lake', extra: {}, partition: null, actor: 'ann', idempotencyKey: null };
const names = (tasks: unknown) =>
  (tasks as { runId: string; taskId: string }[]).map(
    ({ runId, taskId }) => `${runId.slice(18, 20)}${taskId}`,
  );

describe.each(DATABASES)('what a clear touches, on %s', (dialect) => {
  it('by choice; the preview says the same as the effect', async () => {
    await using tsflow = await threeDays(dialect);
    for (const [choice, expected] of [
      [{ taskIds: ['b'] }, ['02b']],
      [{ taskIds: ['b'], upstream: true }, ['02a', '02b']],
      [{ taskIds: ['b'], downstream: true }, ['02b', '02c', '02d']],
      [{ from: 'c' }, ['02c', '02d']],
      [{ upTo: 'b' }, ['02a', '02b']],
      [{ from: 'b', upTo: 'c' }, ['02b', '02c']],
      [{ from: 'side', upTo: 'c' }, []],
      [{ taskIds: ['d'], past: true }, ['02d', '01d']],
      [{ taskIds: ['d'], future: true }, ['02d', '03d']],
      [{ taskIds: ['side'], past: true, future: true }, ['02side', '01side', '03side']],
      [{ onlyFailed: true }, []],
      [{}, ['02a', '02b', '02side', '02c', '02d']],
    ] as const) {
      const payload = { runId: runOf(2), ...choice };
      const preview = await clearPreview(tsflow.store, 'etl', payload);
      expect(names(preview.tasks).sort(), JSON.stringify(choice)).toEqual([...expected].sort());
      const before = tsflow.executor.granted.length;
      const { tasks } = await tsflow.ask('etl', clear(payload));
      expect(names(tasks).sort()).toEqual([...expected].sort());
      await until('they ran again', async () => tsflow.executor.granted.length === before + expected.length);
      for (const n of [1, 2, 3]) await tsflow.runIs('etl', runOf(n), 'success');
    }
  });

  it('only what failed, what did not run because of it included', async () => {
    await using tsflow = await threeDays(dialect, (workload) =>
      workload.taskId === 'b' && workload.tryNumber === 1 ? bad : good(workload),
    );
    const { tasks } = await tsflow.ask('etl', clear({ runId: runOf(1), onlyFailed: true, future: true }));
    expect(names(tasks).sort()).toEqual(
      ['01', '02', '03'].flatMap((n) => ['b', 'c', 'd'].map((id) => n + id)),
    );
    for (const n of [1, 2, 3]) await tsflow.runIs('etl', runOf(n), 'success');
    expect((await tsflow.tasks('etl', runOf(1))).a!.tryNumber).toBe(1);
    expect((await tsflow.tasks('etl', runOf(1))).b!.tryNumber).toBe(2);
  });

  it('on the newest version, or on its own; the preview names it for each', async () => {
    await using tsflow = await threeDays(dialect);
    await tsflow.record(serializedDag('etl', { ...specs, more: { upstream: ['d'] } }, { timetable: daily }));
    const kept = { runId: runOf(1), taskIds: ['d'], future: true, sameVersion: true };
    const newest = { runId: runOf(1), taskIds: ['d'] };
    const numbers = async (payload: ClearPayload) =>
      (await clearPreview(tsflow.store, 'etl', payload)).tasks.map(({ versionNumber }) => versionNumber);
    expect(await numbers(kept)).toEqual([1, 1, 1]);
    expect(await numbers(newest)).toEqual([2]);
    await tsflow.ask('etl', clear(newest));
    await until('the new task ran too', async () => tsflow.executor.granted.at(-1)?.taskId === 'more');
    await tsflow.runIs('etl', runOf(1), 'success');
    // One run is on the new version by now, the others still on theirs.
    expect((await numbers(kept)).sort()).toEqual([1, 1, 2]);
    await tsflow.ask('etl', clear({ ...kept, runId: runOf(2), future: false }));
    await tsflow.runIs('etl', runOf(2), 'success');
    expect(Object.keys(await tsflow.states('etl', runOf(2)))).not.toContain('more');
  });

  it('earlier and later runs that do not have the task are left out', async () => {
    await using tsflow = await threeDays(dialect);
    await tsflow.record(serializedDag('etl', { ...specs, more: { upstream: ['d'] } }, { timetable: daily }));
    await tsflow.ask('etl', clear({ runId: runOf(2), taskIds: ['d'] }));
    await until('it has the task', async () => tsflow.executor.granted.at(-1)?.taskId === 'more');
    await tsflow.runIs('etl', runOf(2), 'success');
    const { tasks } = await tsflow.ask(
      'etl',
      clear({ runId: runOf(2), taskIds: ['more'], past: true, future: true }),
    );
    expect(names(tasks)).toEqual(['02more']);
    await tsflow.runIs('etl', runOf(2), 'success');
  });

  it('old tries keep their XComs and the params that they had', async () => {
    await using tsflow = await threeDays(dialect);
    await tsflow.ask('etl', clear({ runId: runOf(1), taskIds: ['a'], conf: { mode: 'all' } }));
    await tsflow.runIs('etl', runOf(1), 'success');
    await until('it ran again', async () => (await tsflow.tasks('etl', runOf(1))).a!.tryNumber === 2);
    await tsflow.taskIs('etl', runOf(1), 'a', 'success');
    const name = { dagId: 'etl', runId: runOf(1), taskId: 'a' };
    const attempts = await listAttempts(tsflow.store, name);
    expect(attempts.map(({ tryNumber, conf }) => [tryNumber, conf])).toEqual([
      [1, {}],
      [2, { mode: 'all' }],
    ]);
    for (const { attemptId, tryNumber } of attempts) {
      expect(await listXcoms(tsflow.store, { ...name, attemptId })).toEqual([
        { key: 'return_value', value: `a${tryNumber}` },
      ]);
    }
  });
});

describe.each(DATABASES)('clearing and marking with earlier or later runs on %s', (dialect) => {
  /** Later runs, of which nothing is left but their rows. */
  async function grow({ store }: SchedulerHarness, from: number, to: number): Promise<void> {
    const run = await store.db.selectFrom('dagRun').selectAll().orderBy('key').executeTakeFirstOrThrow();
    const rows = Array.from({ length: to - from }, (_, i) => {
      const n = from + i + 1;
      return {
        ...run,
        key: run.key + 1_000_000 + n,
        runId: `late${n}`,
        logicalDate: run.logicalDate + n * 60_000,
      };
    });
    for (let at = 0; at < rows.length; at += 50)
      await store.db
        .insertInto('dagRun')
        .values(rows.slice(at, at + 50))
        .execute();
  }

  it('refuses more runs than one turn can take, in the preview as in the effect, and says what to do', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], good);
    const runId = await tsflow.trigger('etl');
    await tsflow.runIs('etl', runId, 'success');
    await grow(tsflow, 0, MAX_NEIGHBOURS);
    const cleared = { runId, taskIds: ['d'], future: true } as const;
    const marked = { ...cleared, state: 'success' } as const;
    expect(names((await clearPreview(tsflow.store, 'etl', cleared)).tasks)).toHaveLength(1);
    await grow(tsflow, MAX_NEIGHBOURS, MAX_NEIGHBOURS + 1);
    const refused = /More than 500 runs of etl lie after run .*tsflow backfill etl --start/;
    await expect(clearPreview(tsflow.store, 'etl', cleared)).rejects.toThrow(refused);
    await expect(markPreview(tsflow.store, 'etl', marked)).rejects.toThrow(refused);
    await expect(tsflow.ask('etl', clear(cleared))).rejects.toThrow(refused);
    await expect(tsflow.ask('etl', { kind: 'mark_tasks', payload: marked })).rejects.toThrow(refused);
    // Those before it are fewer.
    await tsflow.ask('etl', clear({ runId, taskIds: ['d'], past: true }));
    await tsflow.runIs('etl', runId, 'success');
    // No event tells of them, which the audit after the test would find.
    await tsflow.store.db.deleteFrom('dagRun').where('runId', 'like', 'late%').execute();
  });
});

describe.each(DATABASES)('marking on %s', (dialect) => {
  it('the same tasks in other runs too, as the preview says', async () => {
    await using tsflow = await threeDays(dialect, (workload) =>
      workload.taskId === 'd' ? bad : good(workload),
    );
    const payload = { runId: runOf(2), taskIds: ['d'], future: true, state: 'success' } as const;
    const preview = await markPreview(tsflow.store, 'etl', payload);
    expect(names(preview.tasks)).toEqual(['02d', '03d']);
    const { tasks } = await tsflow.ask('etl', { kind: 'mark_tasks', payload });
    expect(tasks).toEqual(preview.tasks);
    for (const [n, state] of [
      [1, 'failed'],
      [2, 'success'],
      [3, 'success'],
    ] as const)
      expect((await tsflow.run('etl', runOf(n)))!.state).toBe(state);
  });

  it('a stretch of a run, from one task up to another', async () => {
    await using tsflow = await threeDays(dialect, () => bad);
    const payload = { runId: runOf(1), from: 'b', upTo: 'c', state: 'success' } as const;
    await tsflow.ask('etl', { kind: 'mark_tasks', payload });
    expect(await tsflow.states('etl', runOf(1))).toMatchObject({
      a: 'failed',
      b: 'success',
      c: 'success',
      side: 'upstream_failed',
    });
  });
});

describe.each(DATABASES)('a run that was cleared begins again on %s', (dialect) => {
  const delta = { wait: { kind: 'delta', ms: 60_000, from: 'runStart' } } as const;
  it.each<[string, SerializedDag]>([
    ['a delta', serializedDag('etl', { sensor: delta })],
    ['an asset', waitingForTheLake()],
  ])('a wait since its start waits anew: for %s', async (what, dag) => {
    const clock = new ManualClock();
    await using tsflow = await start(dialect, [dag], good, clock);
    const runId = await tsflow.trigger('etl');
    const passes = async () => {
      await tsflow.taskIs('etl', runId, 'sensor', 'deferred');
      await clock.advance(60_000);
      if (what === 'an asset') {
        await tsflow.store.assets.post({ ...ofLake, at: clock.now() });
        tsflow.scheduler.ping('intents');
      }
      await tsflow.runIs('etl', runId, 'success');
    };
    await passes();
    await clock.advance(120_000);
    await tsflow.ask('etl', clear({ runId }));
    await passes();
  });

  it('with what it has done before, also when it had to wait for its place over a restart', async () => {
    const dag = serializedDag('etl', specs, { maxActiveRuns: 1 });
    const script: Script = (workload) => {
      if (workload.runId !== 'one') return null;
      return workload.taskId === 'b' && workload.tryNumber === 1 ? bad : good(workload);
    };
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.ask('etl', { kind: 'trigger', payload: { conf: {}, runId: 'one' } });
    await tsflow.runIs('etl', 'one', 'failed');
    await tsflow.ask('etl', { kind: 'trigger', payload: { conf: {}, runId: 'two' } });
    await tsflow.taskIs('etl', 'two', 'a', 'running');
    await tsflow.ask('etl', clear({ runId: 'one', onlyFailed: true }));
    expect(await tsflow.run('etl', 'one')).toMatchObject({ state: 'queued', startDate: null });
    const mark = { runId: 'one', taskIds: ['b'], state: 'success' } as const;
    await tsflow.ask('etl', { kind: 'mark_tasks', payload: mark });
    expect(await tsflow.states('etl', 'one')).toMatchObject({
      a: 'success',
      b: 'success',
      c: 'none',
      d: 'none',
    });
    await tsflow.restart();
    await tsflow.ask('etl', { kind: 'mark_tasks', payload: { ...mark, taskIds: ['c'] } });
    await tsflow.ask('etl', { kind: 'kill', payload: { runId: 'two' } });
    await tsflow.runIs('etl', 'one', 'success');
    const tries = Object.entries(await tsflow.tasks('etl', 'one')).map(([id, { tryNumber }]) => [
      id,
      tryNumber,
    ]);
    expect(Object.fromEntries(tries)).toEqual({ a: 1, b: 1, c: 0, side: 1, d: 1 });
    expect((await tsflow.store.turns.counters()).get('parallelism')).toBe(0);
  });

  it('a run marked success while it waits for its place still runs its teardown, in its place', async () => {
    const dag = serializedDag(
      'etl',
      { a: {}, t: { upstream: ['a'], isTeardown: true, triggerRule: 'all_done_setup_success' } },
      { maxActiveRuns: 1 },
    );
    const script: Script = ({ runId, taskId }) => (runId === 'one' && taskId === 'a' ? bad : null);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    await tsflow.ask('etl', { kind: 'trigger', payload: { conf: {}, runId: 'one' } });
    await tsflow.taskIs('etl', 'one', 't', 'running');
    tsflow.executor.finish(tsflow.executor.running[0]!, { kind: 'success', xcoms: {} });
    await tsflow.runIs('etl', 'one', 'failed');
    await tsflow.ask('etl', { kind: 'trigger', payload: { conf: {}, runId: 'two' } });
    await tsflow.taskIs('etl', 'two', 'a', 'running');
    await tsflow.ask('etl', clear({ runId: 'one' }));
    await tsflow.ask('etl', { kind: 'mark_run', payload: { runId: 'one', state: 'success' } });
    expect((await tsflow.run('etl', 'one'))!.state).toBe('queued');
    expect(await tsflow.states('etl', 'one')).toEqual({ a: 'success', t: 'none' });
    await tsflow.restart();
    await tsflow.ask('etl', { kind: 'kill', payload: { runId: 'two' } });
    await tsflow.taskIs('etl', 'one', 't', 'running');
    expect((await tsflow.run('etl', 'one'))!.state).toBe('running');
    tsflow.executor.finish(tsflow.executor.running[0]!, { kind: 'success', xcoms: {} });
    expect((await tsflow.runIs('etl', 'one', 'success')).reason).toBe('marked success by ann');
  });
});
