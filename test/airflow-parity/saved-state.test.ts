import type { Workload } from '@tsflow/scheduler/executors';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** What a task saved reaches the next attempt exactly when something may go on outside that it has to take over. */

type End = 'success' | 'failed' | 'lost' | 'killed' | 'rescheduled';

const job = { job: 'j1' };

/** How the attempt ends, what happens then, and what the next one gets. */
const ENDS: readonly [End, 'nothing' | 'clear' | 'restart' | 'restart and clear', typeof job | null][] = [
  ['lost', 'nothing', job],
  ['lost', 'restart', job],
  ['failed', 'nothing', job],
  ['failed', 'restart', job],
  ['rescheduled', 'nothing', job],
  ['rescheduled', 'restart', job],
  // The last try failed: whoever clears it goes on from there.
  ['failed', 'clear', job],
  ['failed', 'restart and clear', job],
  ['killed', 'clear', null],
  ['success', 'clear', null],
  ['success', 'restart and clear', null],
];

describe.each(DATABASES)('saved state on %s', (dialect) => {
  it.each(ENDS)('of an attempt that ended as %s, then %s: %o', async (end, then, expected) => {
    const isLast = then.includes('clear');
    const dag = serializedDag('etl', { job: { retries: isLast ? 0 : 1, retryDelayMs: 0 }, other: {} });
    await using harness = await SchedulerHarness.start(dialect, [dag], () => null);
    const runId = await harness.trigger('etl');
    const first = await granted(harness, 1);
    await until(
      'the attempt began',
      async () => (await harness.store.turns.attempt(first.attemptId))?.state === 'running',
    );
    await harness.executor.save(first, job);
    // What is granted before the restart would be lost to it.
    if (then === 'restart') await harness.setVariable('parallelism', 0);
    await finish(harness, first, end, runId);
    if (then.includes('restart')) await harness.restart();
    if (then === 'restart') await harness.setVariable('parallelism', 16);
    if (isLast) await harness.ask('etl', { kind: 'clear', payload: { runId, taskIds: ['job'] } });
    const next = await until('the next one is granted', async () =>
      harness.executor.granted.find(
        ({ taskId, grantNumber }) => taskId === 'job' && grantNumber > first.grantNumber,
      ),
    );
    expect(next.savedState).toEqual(expected);
    expect(next.calls).toBe(end === 'rescheduled' ? 1 : 0);
  });

  it('is gone once the task cleared it', async () => {
    const dag = serializedDag('etl', { job: { retries: 1, retryDelayMs: 0 } });
    await using harness = await SchedulerHarness.start(dialect, [dag], () => null);
    await harness.trigger('etl');
    const first = await granted(harness, 1);
    await until(
      'the attempt began',
      async () => (await harness.store.turns.attempt(first.attemptId))?.state === 'running',
    );
    await harness.executor.save(first, job);
    await harness.executor.save(first, null);
    harness.executor.finish(first, failure);
    expect((await granted(harness, 2)).savedState).toBeNull();
    expect(await harness.store.turns.attempt(first.attemptId)).toMatchObject({ savedState: 'null' });
  });
});

const failure = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true } as const;

function granted(harness: SchedulerHarness, nth: number): Promise<Workload> {
  return until(`grant ${nth} of the task`, async () =>
    harness.executor.granted.filter(({ taskId }) => taskId === 'job').at(nth - 1),
  );
}

async function finish(harness: SchedulerHarness, workload: Workload, end: End, runId: string): Promise<void> {
  const { executor } = harness;
  const ended = async () => {
    const row = await harness.store.turns.attempt(workload.attemptId);
    return row?.state !== 'running' && row?.state !== 'queued';
  };
  if (end === 'lost') executor.lose(workload, 'killed by signal 9');
  else if (end === 'killed') await harness.ask('etl', { kind: 'kill', payload: { runId, taskIds: ['job'] } });
  else if (end === 'failed') executor.finish(workload, failure);
  else if (end === 'success') executor.finish(workload, { kind: 'success', xcoms: {} });
  else executor.finish(workload, { kind: 'reschedule', atMs: Date.now() + 300, savedState: job });
  await until('the end is written', ended);
}
