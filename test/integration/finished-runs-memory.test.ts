import { queryObjects } from 'node:v8';
import type { Deferral } from '@tsflow/core/dag';
import { PastWaits } from '@tsflow/core/rules';
import { expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';

const ONE_DAY_MS = 86_400_000;
const RUNS = 150;

/** Runs that the scheduler, or anything else, has in memory: each has one list of those that wait for its past. Collects garbage first. */
const runsInMemory = (): number => queryObjects(PastWaits, { format: 'count' });

/** Waits for an asset that nobody updates, for a day. */
const forAnAsset = (): Deferral => ({
  on: { kind: 'asset', asset: 'orders', partition: null, since: 'ever' },
  timeoutAt: Date.now() + ONE_DAY_MS,
  onTimeout: 'fail',
  after: 'end',
});

it('lets go of finished runs, whatever of them would have been due tomorrow', async () => {
  const deadline = { name: 'published', taskId: null, by: null, withinMs: ONE_DAY_MS, callback: false };
  const dag = serializedDag(
    'hourly',
    { wait: {}, other: { retries: 1, retryDelayMs: ONE_DAY_MS } },
    { dagRunTimeoutMs: ONE_DAY_MS, maxActiveRuns: RUNS, maxActiveTasks: 2 * RUNS, deadlines: [deadline] },
  );
  await using tsflow = await SchedulerHarness.start('sqlite', [dag], ({ taskId }) =>
    taskId === 'wait'
      ? { kind: 'defer', savedState: null, deferral: forAnAsset() }
      : { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true },
  );
  const before = runsInMemory();
  for (let i = 0; i < RUNS; i++) {
    const runId = await tsflow.trigger('hourly');
    await tsflow.taskIs('hourly', runId, 'wait', 'deferred');
    await tsflow.taskIs('hourly', runId, 'other', 'up_for_retry');
    await tsflow.ask('hourly', { kind: 'mark_run', payload: { runId, state: 'failed' } });
  }
  await until('nothing runs', async () => {
    const { runs } = await tsflow.store.db
      .selectFrom('dagRun')
      .select(({ fn }) => fn.countAll<number>().as('runs'))
      .where('state', '=', 'running')
      .executeTakeFirstOrThrow();
    return Number(runs) === 0;
  });
  const kept = runsInMemory() - before;
  console.info(`runs in memory after ${RUNS} have ended: ${kept}`);
  // What the last turns touched may still be on its way out.
  expect(kept).toBeLessThan(10);
});
