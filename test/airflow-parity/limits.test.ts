import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import {
  endless,
  type LimitRow,
  playLimit,
  running,
  runningIs,
  success,
  tasks,
  wide,
} from '../support/slots.ts';
import { DATABASES } from '../support/store.ts';

/** Limits on what may be active at once (semantics, section 8): of a DAG, of its runs, of a task; pools and keys have files of their own. */

const ROWS: readonly LimitRow[] = [
  {
    name: 'maxActiveTasks of the DAG, over its runs',
    dags: [
      wide(
        'a',
        tasks(3, () => ({})),
        { maxActiveTasks: 4 },
      ),
    ],
    runs: 3,
    expected: 4,
  },
  {
    name: 'maxActiveTisPerDag, over its runs',
    dags: [wide('a', { t: { maxActiveTisPerDag: 2 }, u: {} })],
    runs: 3,
    expected: 5,
  },
  {
    name: 'maxActiveTisPerDagrun, in each run',
    dags: [wide('a', { t: { maxActiveTisPerDagrun: 1 } })],
    runs: 3,
    expected: 3,
  },
  { name: 'maxActiveRuns', dags: [wide('a', { t: {} }, { maxActiveRuns: 2 })], runs: 5, expected: 2 },
];

describe.each(DATABASES)('limits on %s', (dialect) => {
  it.each(ROWS)('$name: $expected at once, and everything gets its turn', (row) => playLimit(dialect, row));

  it('a limit that is a daily plan follows the clock without anybody touching it', async () => {
    const live = { $variable: { name: 'live_limit', type: 'number', default: 4 } } as const;
    const dags = [
      wide(
        'file',
        tasks(4, () => ({})),
      ),
      wide(
        'live',
        tasks(4, () => ({})),
        { maxActiveTasks: live },
      ),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    const now = new Date();
    const cron = `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    // Nothing from this minute on, and three at once from a moment to come.
    const opensAt = now.getTime() + 2_500;
    const length = `${(now.getTime() % 60_000) + 2_500}ms`;
    const plan = { default: 3, windows: [{ cron, for: length, value: 0 }], timezone: 'UTC' };
    await tsflow.setVariable('live_limit', plan);
    await tsflow.record(
      wide(
        'file',
        tasks(4, () => ({})),
        { maxActiveTasks: { $plan: plan } },
      ),
    );
    for (const { dagId } of dags) await tsflow.taskIs(dagId, await tsflow.trigger(dagId), 't0', 'scheduled');
    expect(running(tsflow)).toEqual([]);
    await runningIs(tsflow, 6);
    expect(Date.now()).toBeGreaterThanOrEqual(opensAt);
  });
});

describe.each(DATABASES)('priorities on %s', (dialect) => {
  const inOrder = (tsflow: SchedulerHarness) => tsflow.executor.granted.map(({ taskId }) => taskId);

  it('the highest weight first, over all DAGs', async () => {
    const weights = { low: 1, high: 9, middle: 5 };
    const dags = Object.entries(weights).map(([name, priorityWeight]) =>
      wide(`of_${name}`, { [name]: { priorityWeight } }),
    );
    await using tsflow = await SchedulerHarness.start(dialect, dags, () => success);
    await tsflow.setVariable('parallelism', 0);
    await until('nothing may start', async () => tsflow.executor.concurrency === 0);
    for (const { dagId } of dags) await tsflow.trigger(dagId);
    await tsflow.setVariable('parallelism', 1);
    await until('all ran', async () => inOrder(tsflow).length === 3);
    expect(inOrder(tsflow)).toEqual(['high', 'middle', 'low']);
  });

  it('a weight that is changed while tasks wait changes their order', async () => {
    const dags = [
      wide(
        'a',
        tasks(3, (i) => ({ priorityWeight: 9 - i })),
      ),
      wide('b', { late: {} }),
    ];
    await using tsflow = await SchedulerHarness.start(dialect, dags, () => success);
    await tsflow.setVariable('parallelism', 0);
    await until('nothing may start', async () => tsflow.executor.concurrency === 0);
    const first = await tsflow.trigger('a');
    const second = await tsflow.trigger('b');
    const prioritize = (
      dagId: string,
      payload: { runId: string; taskIds?: string[]; priorityWeight: number | null },
    ) => tsflow.ask(dagId, { kind: 'prioritize', payload });
    expect(await prioritize('b', { runId: second, priorityWeight: 50 })).toEqual({
      runId: second,
      tasks: ['late'],
    });
    await prioritize('a', { runId: first, taskIds: ['t2'], priorityWeight: 40 });
    await prioritize('a', { runId: first, taskIds: ['t0'], priorityWeight: -1 });
    expect(await prioritize('a', { runId: first, taskIds: ['t1'], priorityWeight: 8 })).toMatchObject({
      tasks: [],
    });
    await expect(prioritize('a', { runId: first, priorityWeight: 1.5 })).rejects.toThrow(/whole number/);
    // It is remembered, not only in memory.
    await tsflow.restart();
    await tsflow.setVariable('parallelism', 1);
    await until('all ran', async () => inOrder(tsflow).length === 4);
    expect(inOrder(tsflow)).toEqual(['late', 't2', 't1', 't0']);
  });
});
