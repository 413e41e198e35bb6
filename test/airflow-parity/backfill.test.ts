import type { BackfillPayload } from '@tsflow/core/intents';
import { backfillPreview } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Backfills (semantics, section 6): which dates run, which tasks of them, and what people may do about it meanwhile. */

const daily = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
const success = { kind: 'success', xcoms: {} } as const;
const failure = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false } as const;
const chainOf: Record<string, TaskSpec> = {
  extract: {},
  clean: { upstream: ['extract'] },
  'load.users': { upstream: ['clean'], groupId: 'load' },
  'load.sales': { upstream: ['clean'], groupId: 'load' },
  report: { upstream: ['load.users', 'load.sales'] },
};
const groups = [{ groupId: 'load', parentId: null, label: 'load', doc: null }];
const etl = serializedDag('etl', chainOf, { timetable: daily, groups });
const day = (n: number) => `2026-01-0${n}T00:00:00.000Z`;
const runOf = (n: number) => `backfill__2026-01-0${n}T00:00:00Z`;

const payload = (changes: Partial<BackfillPayload> = {}): BackfillPayload => ({
  start: day(1),
  end: day(3),
  reprocess: 'none',
  reverse: false,
  maxActiveRuns: 1,
  conf: {},
  ...changes,
});
const ask = (tsflow: SchedulerHarness, changes: Partial<BackfillPayload> = {}) =>
  tsflow.ask('etl', { kind: 'backfill', payload: payload(changes) });

async function ended(tsflow: SchedulerHarness, key: unknown) {
  return until(`backfill ${key} has ended`, async () => {
    const row = await tsflow.store.db
      .selectFrom('backfill')
      .selectAll()
      .where('key', '=', key as number)
      .executeTakeFirstOrThrow();
    return row.endDate === null ? null : row;
  });
}

const granted = (tsflow: SchedulerHarness) => tsflow.executor.granted.map(({ taskId }) => taskId);

describe.each(DATABASES)('a backfill of some tasks, on %s', (dialect) => {
  it.each<[string, Partial<BackfillPayload>, readonly string[]]>([
    ['one', { taskIds: ['clean'] }, ['clean']],
    ['with what is before', { taskIds: ['clean'], upstream: true }, ['extract', 'clean']],
    ['with what is after', { taskIds: ['load.sales'], downstream: true }, ['load.sales', 'report']],
    ['a group', { taskIds: ['load'] }, ['load.users', 'load.sales']],
    [
      'two that are not neighbours, in their order',
      { taskIds: ['report', 'extract'] },
      ['extract', 'report'],
    ],
  ])('%s', async (_name, choice, expected) => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], () => success);
    const plan = await backfillPreview(tsflow.store, 'etl', payload({ ...choice, end: day(1) }));
    expect(plan).toMatchObject({ total: 1, toCreate: 1, taskIds: expected });
    const { backfillKey } = await ask(tsflow, { ...choice, end: day(1) });
    expect(await ended(tsflow, backfillKey)).toMatchObject({ state: 'success', created: 1, succeeded: 1 });
    expect(granted(tsflow)).toEqual(expected);
    expect(Object.keys(await tsflow.states('etl', runOf(1)))).toEqual(expected);
  });

  it('refuses a task that reads from one that is left out, and one that does not exist', async () => {
    const typed = serializedDag(
      'etl',
      { extract: {}, load: { upstream: ['extract'], inputs: [{ taskId: 'extract', key: 'return_value' }] } },
      { timetable: daily },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [typed], () => success);
    await expect(ask(tsflow, { taskIds: ['load'] })).rejects.toThrow(
      'load reads what extract returns, which is not among the chosen tasks: choose it too, or add its upstream.',
    );
    await expect(ask(tsflow, { taskIds: ['lod'] })).rejects.toThrow(/Did you mean "load"/);
    const { backfillKey } = await ask(tsflow, { taskIds: ['load'], upstream: true });
    expect(await ended(tsflow, backfillKey)).toMatchObject({ state: 'success', created: 3 });
  });

  it('runs again only those tasks of what exists, and a clear of such a run stays with its tasks', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], () => success);
    await ended(tsflow, (await ask(tsflow, { end: day(1) })).backfillKey);
    const again = await ask(tsflow, { end: day(2), reprocess: 'completed', taskIds: ['report'] });
    expect(await ended(tsflow, again.backfillKey)).toMatchObject({ cleared: 1, created: 1, succeeded: 2 });
    expect(granted(tsflow)).toEqual([...Object.keys(chainOf), 'report', 'report']);
    await tsflow.record(serializedDag('etl', { ...chainOf, more: {} }, { timetable: daily, groups }));
    await tsflow.ask('etl', { kind: 'clear', payload: { runId: runOf(2) } });
    await until('it ran again', async () => granted(tsflow).length === 8);
    await tsflow.runIs('etl', runOf(2), 'success');
    expect(await tsflow.states('etl', runOf(2))).toEqual({ report: 'success' });
  });

  it.each([
    // the branch chooses   of the chosen tasks: x runs, z (below y, which is left out) runs
    ['y', { choose: 'success', x: 'skipped', z: 'success' }],
    ['x', { choose: 'success', x: 'success', z: 'skipped' }],
    ['q', { choose: 'success', x: 'skipped', z: 'skipped' }],
  ])('a branch in it may choose %s, whether that was left out or not', async (chosen, states) => {
    const branching = serializedDag(
      'etl',
      {
        choose: {},
        x: { upstream: ['choose'] },
        y: { upstream: ['choose'] },
        z: { upstream: ['y'] },
        q: { upstream: ['choose'] },
      },
      { timetable: daily },
    );
    const decision = { kind: 'branch', chosen: [chosen] } as const;
    await using tsflow = await SchedulerHarness.start(dialect, [branching], ({ taskId }) =>
      taskId === 'choose' ? { ...success, decision } : success,
    );
    const { backfillKey } = await ask(tsflow, { end: day(1), taskIds: ['choose', 'x', 'z'] });
    expect(await ended(tsflow, backfillKey)).toMatchObject({ state: 'success' });
    expect(await tsflow.states('etl', runOf(1))).toEqual(states);
  });

  it('survives a restart in the middle of a run', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], ({ taskId }) =>
      taskId === 'clean' ? null : success,
    );
    await ask(tsflow, { end: day(1), taskIds: ['clean', 'report'] });
    await until('clean runs', async () => tsflow.executor.running.length === 1);
    const [running] = tsflow.executor.running;
    await tsflow.taskIs('etl', runOf(1), 'clean', 'running');
    await tsflow.restart();
    tsflow.executor.finish(running!, success);
    await tsflow.runIs('etl', runOf(1), 'success');
    expect(await tsflow.states('etl', runOf(1))).toEqual({ clean: 'success', report: 'success' });
  });
});

describe.each(DATABASES)('what exists already, on %s', (dialect) => {
  it.each<[BackfillPayload['reprocess'], counts: object, failedAgain: number, doneAgain: number]>([
    ['none', { existing: 2, inFlight: 1, cleared: 0, created: 1 }, 1, 1],
    ['failed', { existing: 1, inFlight: 1, cleared: 1, created: 1 }, 2, 1],
    ['completed', { existing: 0, inFlight: 1, cleared: 2, created: 1 }, 2, 2],
  ])('reprocess %s', async (reprocess, counts, failedTries, doneTries) => {
    const one = serializedDag('etl', { only: {} }, { timetable: daily });
    // The first day fails, the second is done, the third goes on.
    await using tsflow = await SchedulerHarness.start(dialect, [one], ({ logicalDate, tryNumber }) => {
      if (logicalDate === day(3)) return null;
      return logicalDate === day(1) && tryNumber === 1 ? failure : success;
    });
    await ask(tsflow);
    await tsflow.runIs('etl', runOf(3), 'running');
    const [first] = (await tsflow.store.db.selectFrom('backfill').select('key').execute()).map(
      ({ key }) => key,
    );
    await tsflow.ask('etl', { kind: 'control_backfill', payload: { backfillKey: first!, action: 'cancel' } });
    const second = { end: day(4), reprocess };
    const { toCreate, toClear, existing, inFlight } = await backfillPreview(
      tsflow.store,
      'etl',
      payload(second),
    );
    expect({ existing, inFlight, cleared: toClear, created: toCreate }).toEqual(counts);
    const { backfillKey } = await ask(tsflow, second);
    expect(await ended(tsflow, backfillKey)).toMatchObject({ ...counts, state: 'success', failed: 0 });
    expect((await tsflow.tasks('etl', runOf(1))).only!.tryNumber).toBe(failedTries);
    expect((await tsflow.tasks('etl', runOf(2))).only!.tryNumber).toBe(doneTries);
  });
});

describe.each(DATABASES)('params of runs that exist, on %s', (dialect) => {
  it.each([
    ['given: they run with them', { x: 2 }, { x: 2 }],
    ['not given: they keep their own', {}, { x: 1 }],
  ])('%s', async (_what, conf, expected) => {
    const one = serializedDag('etl', { only: {} }, { timetable: daily });
    await using tsflow = await SchedulerHarness.start(dialect, [one], () => success);
    await ended(tsflow, (await ask(tsflow, { end: day(1), conf: { x: 1 } })).backfillKey);
    const again = await ask(tsflow, { end: day(1), reprocess: 'completed', conf });
    expect(await ended(tsflow, again.backfillKey)).toMatchObject({ cleared: 1, succeeded: 1 });
    expect(tsflow.executor.granted.map((workload) => workload.conf)).toEqual([{ x: 1 }, expected]);
  });
});

describe.each(DATABASES)('people and a backfill, on %s', (dialect) => {
  it('pause, the same command again, cancel; a different one is refused by the name of the first', async () => {
    const one = serializedDag('etl', { only: {} }, { timetable: daily });
    await using tsflow = await SchedulerHarness.start(dialect, [one], () => null);
    const { backfillKey } = await ask(tsflow);
    await until('the first day runs', async () => tsflow.executor.running.length === 1);
    const control = (action: 'pause' | 'resume' | 'cancel') =>
      tsflow.ask('etl', {
        kind: 'control_backfill',
        payload: { backfillKey: backfillKey as number, action },
      });
    await control('pause');
    tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await tsflow.runIs('etl', runOf(1), 'success');
    expect(await tsflow.run('etl', runOf(2))).toBe(null);
    await expect(ask(tsflow, { end: day(2) })).rejects.toThrow(
      `Backfill ${backfillKey} of etl (${day(1)} to ${day(3)}) is paused: cancel it or let it end first.`,
    );
    await expect(ask(tsflow, { taskIds: ['only'] })).rejects.toThrow(`Backfill ${backfillKey} of etl`);
    expect(await ask(tsflow)).toMatchObject({ backfillKey, state: 'running', total: 3 });
    await until('the second day runs', async () => tsflow.executor.running.length === 1);
    await control('cancel');
    tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await tsflow.runIs('etl', runOf(2), 'success');
    expect(await tsflow.run('etl', runOf(3))).toBe(null);
    await expect(control('resume')).rejects.toThrow(`Backfill ${backfillKey} of etl is not active.`);
  });

  it.each<[string, Partial<BackfillPayload>, Record<string, TaskSpec>, object, RegExp]>([
    ['no schedule', {}, { only: {} }, { timetable: { type: 'none' } }, /no periodic schedule/],
    [
      'reverse with a past',
      { reverse: true, reprocess: 'failed' },
      { only: { dependsOnPast: true } },
      {},
      /cannot run in reverse/,
    ],
    ['a past without reprocess', {}, { only: { dependsOnPast: true } }, {}, /--reprocess failed/],
    ['an end before its start', { end: '2025-01-01T00:00:00Z' }, { only: {} }, {}, /lies before start/],
    ['no run at once', { maxActiveRuns: 0 }, { only: {} }, {}, /whole number from 1/],
  ])('%s is refused', async (_name, changes, specs, dag, message) => {
    const one = serializedDag('etl', specs, { timetable: daily, ...dag });
    await using tsflow = await SchedulerHarness.start(dialect, [one], () => success);
    await expect(ask(tsflow, changes)).rejects.toThrow(message);
  });

  it('a task that does not depend on the past is backfilled in reverse although another one does', async () => {
    const mixed = serializedDag('etl', { free: {}, bound: { dependsOnPast: true } }, { timetable: daily });
    await using tsflow = await SchedulerHarness.start(dialect, [mixed], () => success);
    const { backfillKey } = await ask(tsflow, { reverse: true, taskIds: ['free'] });
    await ended(tsflow, backfillKey);
    expect(tsflow.executor.granted.map(({ logicalDate }) => logicalDate)).toEqual([day(3), day(2), day(1)]);
  });

  it('params, priorities and a limit of their own', async () => {
    const one = serializedDag('etl', { only: { priorityWeight: 7 } }, { timetable: daily, maxActiveRuns: 1 });
    await using tsflow = await SchedulerHarness.start(dialect, [one], () => null);
    await ask(tsflow, { maxActiveRuns: 2, conf: { mode: 'all' } });
    await until('two days at once', async () => tsflow.executor.running.length === 2);
    expect(tsflow.executor.running.map(({ conf }) => conf)).toEqual([{ mode: 'all' }, { mode: 'all' }]);
    expect((await tsflow.tasks('etl', runOf(1))).only!.priorityWeight).toBe(7);
  });
});

describe.each(DATABASES)('a backfill of what depends on its past, on %s', (dialect) => {
  const tasks: Record<string, TaskSpec> = { first: {}, only: { upstream: ['first'], dependsOnPast: true } };
  const bound = serializedDag('etl', tasks, { timetable: daily });
  const failed = { reprocess: 'failed' } as const;

  /** The first day fails, and is the past of all that comes after. */
  async function afterAFailure(script: Script): Promise<SchedulerHarness> {
    const tsflow = await SchedulerHarness.start(dialect, [bound], (workload) =>
      workload.logicalDate === day(1) ? failure : script(workload),
    );
    await ended(tsflow, (await ask(tsflow, { ...failed, end: day(1) })).backfillKey);
    return tsflow;
  }

  it('its first date ignores the past, created or cleared', async () => {
    await using tsflow = await afterAFailure(({ taskId, logicalDate, tryNumber }) =>
      taskId === 'only' && logicalDate === day(2) && tryNumber === 1 ? failure : success,
    );
    const created = await ask(tsflow, { ...failed, start: day(2), end: day(2) });
    expect(await ended(tsflow, created.backfillKey)).toMatchObject({ created: 1, failed: 1 });
    expect(await tsflow.states('etl', runOf(2))).toEqual({ first: 'success', only: 'failed' });
    const cleared = await ask(tsflow, { ...failed, start: day(2), end: day(3) });
    expect(await ended(tsflow, cleared.backfillKey)).toMatchObject({ cleared: 1, created: 1, succeeded: 2 });
  });

  it('also over a restart in the middle of it', async () => {
    await using tsflow = await afterAFailure(({ taskId }) => (taskId === 'first' ? null : success));
    const { backfillKey } = await ask(tsflow, { ...failed, start: day(2), end: day(2) });
    await until('first runs', async () => tsflow.executor.running.length === 1);
    await tsflow.taskIs('etl', runOf(2), 'first', 'running');
    const [running] = tsflow.executor.running;
    await tsflow.restart();
    tsflow.executor.finish(running!, success);
    expect(await ended(tsflow, backfillKey)).toMatchObject({ state: 'success', succeeded: 1 });
  });

  it('also when the backfill is over before it', async () => {
    await using tsflow = await afterAFailure(({ taskId }) => (taskId === 'first' ? null : success));
    const { backfillKey } = await ask(tsflow, { ...failed, start: day(2), end: day(2) });
    await tsflow.taskIs('etl', runOf(2), 'first', 'running');
    const [running] = tsflow.executor.running;
    const payload = { backfillKey: backfillKey as number, action: 'cancel' } as const;
    await tsflow.ask('etl', { kind: 'control_backfill', payload });
    await tsflow.restart();
    tsflow.executor.finish(running!, success);
    await tsflow.runIs('etl', runOf(2), 'success');
  });

  it('a first date in flight is the past of the second', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [bound], () => null);
    const first = await ask(tsflow, { ...failed, end: day(1) });
    await tsflow.taskIs('etl', runOf(1), 'first', 'running');
    const payload = { backfillKey: first.backfillKey as number, action: 'cancel' } as const;
    await tsflow.ask('etl', { kind: 'control_backfill', payload });
    const { backfillKey } = await ask(tsflow, { ...failed, end: day(2) });
    const finish = (taskId: string, logicalDate: string) => {
      const one = tsflow.executor.running.find(
        (workload) => workload.taskId === taskId && workload.logicalDate === logicalDate,
      );
      if (one === undefined) throw new Error(`${taskId} of ${logicalDate} does not run.`);
      tsflow.executor.finish(one, success);
    };
    await tsflow.taskIs('etl', runOf(2), 'first', 'running');
    finish('first', day(2));
    await tsflow.taskIs('etl', runOf(2), 'first', 'success');
    expect((await tsflow.states('etl', runOf(2))).only).toBe('none');
    finish('first', day(1));
    await tsflow.taskIs('etl', runOf(1), 'only', 'running');
    expect((await tsflow.states('etl', runOf(2))).only).toBe('none');
    finish('only', day(1));
    await tsflow.taskIs('etl', runOf(2), 'only', 'running');
    finish('only', day(2));
    expect(await ended(tsflow, backfillKey)).toMatchObject({ inFlight: 1, created: 1, succeeded: 1 });
  });

  it('a run of some tasks holds the others of the run after it not up', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [bound], () => success);
    await ended(tsflow, (await ask(tsflow, { ...failed, end: day(1), taskIds: ['first'] })).backfillKey);
    const { backfillKey } = await ask(tsflow, { ...failed, end: day(2) });
    expect(await ended(tsflow, backfillKey)).toMatchObject({ existing: 1, created: 1, succeeded: 1 });
  });
});
