import type { Intent } from '@tsflow/core/intents';
import { whyTask } from '@tsflow/core/store';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const DAYS = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'] as const;
const [FIRST, SECOND] = DAYS.map((day) => `backfill__${day}`) as [string, string];

const ledger = serializedDag(
  'ledger',
  { left: { dependsOnPast: true }, right: { dependsOnPast: true } },
  { timetable: { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' } },
);

/** Both tasks of the first day fail, everything else succeeds. */
const firstDayFails: Script = ({ logicalDate, tryNumber }) =>
  Date.parse(logicalDate) === Date.parse(DAYS[0]) && tryNumber === 1
    ? { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false }
    : { kind: 'success', xcoms: {} };

const backfill = (maxActiveRuns: number) =>
  ({
    kind: 'backfill',
    payload: { start: DAYS[0], end: DAYS[1], reprocess: 'failed', reverse: false, maxActiveRuns, conf: {} },
  }) as const;
const pause = (isPaused: boolean) => ({ kind: 'pause', payload: { isPaused } }) as const;

/** Two days, side by side: the first has failed, the second waits for it. */
async function secondDayWaits(dialect: (typeof DATABASES)[number]): Promise<SchedulerHarness> {
  const tsflow = await SchedulerHarness.start(dialect, [ledger], firstDayFails);
  await tsflow.ask('ledger', backfill(2));
  await tsflow.runIs('ledger', FIRST, 'failed');
  await tsflow.runIs('ledger', SECOND, 'running');
  expect(await tsflow.states('ledger', SECOND)).toEqual({ left: 'none', right: 'none' });
  return tsflow;
}

/** The first day has ended as `outcome` says; the DAG is paused, so that the second day has no row yet. */
async function firstDayAlone(
  dialect: (typeof DATABASES)[number],
  outcome: NonNullable<ReturnType<Script>>,
  script: Script,
): Promise<SchedulerHarness> {
  let isHeld = true;
  const tsflow = await SchedulerHarness.start(dialect, [ledger], (workload) =>
    isHeld ? null : script(workload),
  );
  await tsflow.ask('ledger', backfill(1));
  await until('both tasks run', async () => tsflow.executor.running.length === 2);
  await tsflow.ask('ledger', pause(true));
  for (const workload of tsflow.executor.running) tsflow.executor.finish(workload, outcome);
  await tsflow.runIs('ledger', FIRST, outcome.kind);
  expect(await tsflow.run('ledger', SECOND)).toBe(null);
  isHeld = false;
  return tsflow;
}

/** Asks for several things that one turn is to do. */
async function askAtOnce(tsflow: SchedulerHarness, ...intents: readonly Intent[]): Promise<void> {
  for (const { kind, payload } of intents) {
    const request = { dagId: 'ledger', kind, payload: JSON.stringify(payload), actor: 'ann' };
    await tsflow.store.intents.submit({ ...request, requestedAt: Date.now(), idempotencyKey: null });
  }
  tsflow.scheduler.ping('intents');
}

const markTask = (taskId: string): Intent => ({
  kind: 'mark_tasks',
  payload: { runId: FIRST, taskIds: [taskId], state: 'success' },
});
const markRun: Intent = { kind: 'mark_run', payload: { runId: FIRST, state: 'success' } };

describe.each(DATABASES)('a run that waits for the one before, on %s', (dialect) => {
  it('lets sixteen runs of twenty tasks wait for one another without asking all of them at each end', async () => {
    const roots = Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`t${i}`, { dependsOnPast: true }]),
    );
    const timetable = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
    const wide = serializedDag('wide', roots, { timetable });
    await using tsflow = await SchedulerHarness.start(dialect, [wide], () => ({
      kind: 'success',
      xcoms: {},
    }));
    const days = { start: '2026-01-01', end: '2026-01-16', maxActiveRuns: 16 };
    await tsflow.ask('wide', {
      kind: 'backfill',
      payload: { ...days, reprocess: 'failed', reverse: false, conf: {} },
    });
    await tsflow.runIs('wide', 'backfill__2026-01-16T00:00:00Z', 'success');
    const ends = (await tsflow.events()).filter(
      ({ toState, type }) => type === 'task_state' && toState === 'success',
    );
    expect(ends).toHaveLength(16 * 20);
  });

  it('says why, and which run it waits for', async () => {
    await using tsflow = await secondDayWaits(dialect);
    const waits = async (runId: string) =>
      (await whyTask(tsflow.store, 'ledger', runId, 'left')).filter(({ name }) => name === 'depends_on_past');
    expect(await waits(SECOND)).toEqual([
      {
        name: 'depends_on_past',
        passed: false,
        reason: `left of the previous run ${FIRST} is failed, not success or skipped.`,
      },
    ]);
    expect(await waits(FIRST)).toMatchObject([{ passed: true, reason: 'There is no previous run.' }]);
    await tsflow.ask('ledger', markTask('left'));
    await tsflow.taskIs('ledger', SECOND, 'left', 'success');
    expect(await waits(SECOND)).toMatchObject([
      { passed: true, reason: `The previous run ${FIRST} went well.` },
    ]);
  });

  it('the first run of a backfill waits for nothing that lies before the range, and says so', async () => {
    await using tsflow = await secondDayWaits(dialect);
    await tsflow.ask('ledger', markRun);
    await tsflow.runIs('ledger', SECOND, 'success');
    await tsflow.ask('ledger', {
      kind: 'mark_tasks',
      payload: { runId: SECOND, taskIds: ['left'], state: 'failed' },
    });
    const day = '2026-01-03T00:00:00Z';
    await tsflow.ask('ledger', {
      kind: 'backfill',
      payload: { start: day, end: day, reprocess: 'failed', reverse: false, maxActiveRuns: 1, conf: {} },
    });
    const third = `backfill__${day}`;
    await tsflow.runIs('ledger', third, 'success');
    const why = await whyTask(tsflow.store, 'ledger', third, 'left');
    expect(why.find(({ name }) => name === 'depends_on_past')).toMatchObject({
      passed: true,
      reason: 'There is no previous run.',
    });
  });

  it('goes on, task by task, when tasks of a previous run that has ended are marked', async () => {
    await using tsflow = await secondDayWaits(dialect);
    await tsflow.ask('ledger', markTask('left'));
    await tsflow.taskIs('ledger', SECOND, 'left', 'success');
    expect((await tsflow.states('ledger', SECOND)).right).toBe('none');
    await tsflow.ask('ledger', markTask('right'));
    await tsflow.runIs('ledger', SECOND, 'success');
  });

  it('goes on when the previous run, which has ended, is marked as a whole', async () => {
    await using tsflow = await secondDayWaits(dialect);
    await tsflow.ask('ledger', markRun);
    await tsflow.runIs('ledger', SECOND, 'success');
  });

  it('goes on when the previous run, which has ended, is cleared and succeeds', async () => {
    await using tsflow = await secondDayWaits(dialect);
    await tsflow.ask('ledger', { kind: 'clear', payload: { runId: FIRST } });
    await tsflow.runIs('ledger', SECOND, 'success');
    await tsflow.runIs('ledger', FIRST, 'success');
  });

  it('goes on when a task of a previous run that still runs is marked', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [ledger], (workload) =>
      workload.taskId === 'right' ? null : firstDayFails(workload),
    );
    await tsflow.ask('ledger', backfill(2));
    await tsflow.taskIs('ledger', FIRST, 'left', 'failed');
    await tsflow.runIs('ledger', SECOND, 'running');
    await tsflow.ask('ledger', markTask('left'));
    await tsflow.taskIs('ledger', SECOND, 'left', 'success');
  });

  it('sees both of two marks that one turn makes', async () => {
    await using tsflow = await secondDayWaits(dialect);
    await askAtOnce(tsflow, markTask('left'), markTask('right'));
    await tsflow.runIs('ledger', SECOND, 'success');
    await tsflow.runIs('ledger', FIRST, 'success');
  });

  it('sees a mark of the turn in which it starts', async () => {
    const no = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false } as const;
    await using tsflow = await firstDayAlone(dialect, no, () => ({ kind: 'success', xcoms: {} }));
    await askAtOnce(tsflow, markRun, pause(false));
    await tsflow.runIs('ledger', SECOND, 'success');
  });

  it('waits for a task that is run again', async () => {
    const good = { kind: 'success', xcoms: {} } as const;
    await using tsflow = await firstDayAlone(dialect, good, ({ logicalDate }) =>
      Date.parse(logicalDate) === Date.parse(DAYS[0]) ? null : good,
    );
    const clear: Intent = { kind: 'clear', payload: { runId: FIRST, taskIds: ['left'] } };
    await tsflow.ask('ledger', clear);
    await askAtOnce(tsflow, pause(false));
    const again = await until('it runs again', async () => tsflow.executor.running[0]);
    expect(await tsflow.run('ledger', SECOND)).toBe(null);
    tsflow.executor.finish(again, good);
    await tsflow.runIs('ledger', SECOND, 'success');
  });
});
