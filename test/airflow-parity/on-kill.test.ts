import type { Intent } from '@tsflow/core/intents';
import type { Workload } from '@tsflow/scheduler/executors';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Airflow calls `on_kill` when a running task is ended from outside; here also while it waits for something. */

const success = { kind: 'success', xcoms: {} } as const;
const timeout = {
  kind: 'failed',
  error: { name: 'ExecutionTimeoutError', message: 'too long', code: 'execution_timeout' },
  retryable: true,
} as const;
const inAnHour = () =>
  ({ kind: 'reschedule', atMs: Date.now() + 3_600_000, savedState: { job: 'j1' } }) as const;

const killer: TaskSpec = { onKill: true };

/** What ends the task, the state it was in, and the state it takes afterwards. */
const ENDS: readonly [string, (runId: string) => Intent, 'running' | 'up_for_reschedule', string][] = [
  [
    'kill of the task while running',
    (runId) => ({ kind: 'kill', payload: { runId, taskIds: ['job'] } }),
    'running',
    'failed',
  ],
  [
    'kill of the task while up_for_reschedule',
    (runId) => ({ kind: 'kill', payload: { runId, taskIds: ['job'] } }),
    'up_for_reschedule',
    'failed',
  ],
  ['kill of the run while running', (runId) => ({ kind: 'kill', payload: { runId } }), 'running', 'failed'],
  [
    'kill of the run while up_for_reschedule',
    (runId) => ({ kind: 'kill', payload: { runId } }),
    'up_for_reschedule',
    'failed',
  ],
  [
    'mark success while running',
    (runId) => ({ kind: 'mark_tasks', payload: { runId, taskIds: ['job'], state: 'success' } }),
    'running',
    'success',
  ],
  [
    'mark success while up_for_reschedule',
    (runId) => ({ kind: 'mark_tasks', payload: { runId, taskIds: ['job'], state: 'success' } }),
    'up_for_reschedule',
    'success',
  ],
  [
    'mark skipped while up_for_reschedule',
    (runId) => ({ kind: 'mark_tasks', payload: { runId, taskIds: ['job'], state: 'skipped' } }),
    'up_for_reschedule',
    'skipped',
  ],
  [
    'mark of the run while running',
    (runId) => ({ kind: 'mark_run', payload: { runId, state: 'success' } }),
    'running',
    'success',
  ],
  [
    'clear while running',
    (runId) => ({ kind: 'clear', payload: { runId, taskIds: ['job'] } }),
    'running',
    'running',
  ],
  [
    'clear while up_for_reschedule',
    (runId) => ({ kind: 'clear', payload: { runId, taskIds: ['job'] } }),
    'up_for_reschedule',
    'running',
  ],
];

describe.each(DATABASES)('onKill on %s', (dialect) => {
  it.each(ENDS)('after a %s', async (_what, intent, state, target) => {
    let first = true;
    const script: Script = ({ kind }) => {
      if (kind === 'on_kill' || state === 'running' || !first) return null;
      first = false;
      return inAnHour();
    };
    await using harness = await SchedulerHarness.start(
      dialect,
      [serializedDag('etl', { job: killer })],
      script,
    );
    const runId = await harness.trigger('etl');
    await harness.taskIs('etl', runId, 'job', state);

    await harness.ask('etl', intent(runId));
    const onKill = await granted(harness, 'on_kill');
    const before = await harness.taskIs('etl', runId, 'job', 'restarting');
    expect(onKill).toMatchObject({ attemptId: before.attemptId, grantNumber: before.grantNumber });
    if (state === 'up_for_reschedule') expect(onKill.savedState).toEqual({ job: 'j1' });

    harness.executor.finish(onKill, success);
    const after = await harness.taskIs('etl', runId, 'job', target);
    expect(after.attemptId === before.attemptId).toBe(target !== 'running');
    const event = (await harness.events()).find(({ type }) => type === 'on_kill');
    expect(JSON.parse(event!.data!)).toEqual({ success: true });
    const row = await harness.store.turns.attempt(before.attemptId!);
    expect(row).toMatchObject({ state: 'killed', endDate: expect.any(Number) });
  });

  it('is owed also when the run is out of its time', async () => {
    const dag = serializedDag('etl', { job: killer }, { dagRunTimeoutMs: 100 });
    await using harness = await SchedulerHarness.start(dialect, [dag], ({ kind }) =>
      kind === 'on_kill' ? success : null,
    );
    const runId = await harness.trigger('etl');
    await harness.runIs('etl', runId, 'failed');
    expect(harness.executor.granted.map(({ kind }) => kind)).toEqual(['execute', 'on_kill']);
    expect(await harness.states('etl', runId)).toEqual({ job: 'skipped' });
  });

  it('comes between a try that ran out of its time and the next one, which does not take over what was undone', async () => {
    const dag = serializedDag('etl', {
      job: { ...killer, executionTimeoutMs: 60_000, retries: 1, retryDelayMs: 0 },
    });
    await using harness = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await harness.trigger('etl');
    const first = await granted(harness, 'execute');
    await save(harness, first, { job: 'j1' });
    harness.executor.finish(first, timeout);
    const onKill = await granted(harness, 'on_kill');
    expect(onKill.savedState).toEqual({ job: 'j1' });
    expect((await harness.tasks('etl', runId)).job!.state).toBe('running');
    harness.executor.finish(onKill, success);
    const second = await granted(harness, 'execute', 2);
    expect(second).toMatchObject({ tryNumber: 2, savedState: null });
    expect(await harness.store.turns.attempt(first.attemptId)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('too long'),
    });
  });

  it('that failed leaves the state to the next try', async () => {
    const dag = serializedDag('etl', {
      job: { ...killer, executionTimeoutMs: 60_000, retries: 1, retryDelayMs: 0 },
    });
    await using harness = await SchedulerHarness.start(dialect, [dag], ({ kind }) =>
      kind === 'on_kill'
        ? { kind: 'failed', error: { name: 'Error', message: 'no answer' }, retryable: true }
        : null,
    );
    await harness.trigger('etl');
    const first = await granted(harness, 'execute');
    await save(harness, first, { job: 'j1' });
    harness.executor.finish(first, timeout);
    expect(await granted(harness, 'execute', 2)).toMatchObject({ tryNumber: 2, savedState: { job: 'j1' } });
    const event = (await harness.events()).find(({ type }) => type === 'on_kill');
    expect(JSON.parse(event!.data!)).toEqual({ success: false, reason: 'no answer' });
  });

  it.each([
    ['while it runs', 'running', 'restarting', 'failed'],
    ['after a time-out', 'timed out', 'running', 'failed'],
    ['after a wait that was given up', 'given up', 'running', 'failed'],
    ['after a wait that was given up for a skip', 'skips', 'running', 'skipped'],
  ] as const)('is made again by the next scheduler, %s', async (_name, how, state, end) => {
    const retries = how === 'timed out' ? 0 : 2;
    const dag = serializedDag('etl', { job: { ...killer, retries, executionTimeoutMs: 60_000 } });
    await using harness = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await harness.trigger('etl');
    const first = await granted(harness, 'execute');
    if (how === 'given up' || how === 'skips') {
      const onTimeout = how === 'skips' ? 'skip' : 'fail';
      const on = { kind: 'instant', at: '2999-01-01T00:00:00Z' } as const;
      const deferral = { on, timeoutAt: Date.now() + 20, onTimeout, after: 'end' } as const;
      harness.executor.finish(first, { kind: 'defer', savedState: null, deferral });
    } else if (how === 'running')
      await harness.ask('etl', { kind: 'kill', payload: { runId, taskIds: ['job'] } });
    else harness.executor.finish(first, timeout);
    const lost = await granted(harness, 'on_kill');
    expect((await harness.tasks('etl', runId)).job!.state).toBe(state);

    await harness.restart();
    const again = await granted(harness, 'on_kill');
    expect(again.attemptId).toBe(lost.attemptId);
    expect(again.grantNumber).toBeGreaterThan(lost.grantNumber);
    expect((await harness.tasks('etl', runId)).job!.state).toBe(state);
    harness.executor.finish(lost, success);
    harness.executor.finish(again, success);
    await harness.taskIs('etl', runId, 'job', end);
    await harness.runIs('etl', runId, end === 'failed' ? 'failed' : 'success');
  });

  it('is made although no slot is free, and nothing else is', async () => {
    const dag = serializedDag('etl', { job: killer, other: {}, third: {} });
    const script: Script = ({ kind, taskId }) => (kind === 'execute' && taskId === 'job' ? inAnHour() : null);
    await using harness = await SchedulerHarness.start(dialect, [dag], script);
    await harness.setVariable('parallelism', 1);
    const runId = await harness.trigger('etl');
    await harness.taskIs('etl', runId, 'job', 'up_for_reschedule');
    await until('the slot is taken', async () => harness.executor.running.length === 1);
    await harness.ask('etl', { kind: 'kill', payload: { runId, taskIds: ['job'] } });
    const onKill = await granted(harness, 'on_kill');
    expect(harness.executor.running).toHaveLength(2);
    harness.executor.finish(onKill, success);
    await harness.taskIs('etl', runId, 'job', 'failed');
    expect(harness.executor.running).toHaveLength(1);
  });

  it.each([
    ['has none', {}, 'running'],
    ['did not begin', killer, 'scheduled'],
  ] as const)('is not made for a task that %s', async (_name, spec, state) => {
    const dag = serializedDag('etl', { job: spec });
    await using harness = await SchedulerHarness.start(dialect, [dag], () => null);
    if (state === 'scheduled') await harness.setVariable('parallelism', 0);
    const runId = await harness.trigger('etl');
    await harness.taskIs('etl', runId, 'job', state);
    await harness.ask('etl', { kind: 'kill', payload: { runId } });
    await harness.runIs('etl', runId, 'failed');
    expect(harness.executor.granted.filter(({ kind }) => kind === 'on_kill')).toEqual([]);
  });
});

/** The nth workload of a kind, as soon as it is granted. */
function granted(harness: SchedulerHarness, kind: Workload['kind'], nth = 1): Promise<Workload> {
  return until(`${kind} ${nth} is granted`, async () =>
    harness.executor.granted.filter((workload) => workload.kind === kind).at(nth - 1),
  );
}

async function save(harness: SchedulerHarness, workload: Workload, savedState: Record<string, string>) {
  await until(
    'the attempt began',
    async () => (await harness.store.turns.attempt(workload.attemptId))?.state === 'running',
  );
  await harness.executor.save(workload, savedState);
}
