import type { ExternalWait, Wait } from '@tsflow/core/dag';
import type { Intent } from '@tsflow/core/intents';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Time, delta and external sensors: answered by the scheduler in its turn, with no process and no slot. */

const HOUR = 3_600_000;
const soon = (ms = 300) => ({ kind: 'instant', at: new Date(Date.now() + ms).toISOString() }) as const;
const never: Wait = { kind: 'instant', at: '2999-01-01T00:00:00.000Z' };

const external = (changes: Partial<ExternalWait> = {}): Wait => ({
  kind: 'external',
  dagId: 'load',
  taskIds: null,
  which: { match: 'logicalDate', deltaMs: 0 },
  allowedStates: ['success'],
  failedStates: [],
  ...changes,
});

const nobody: Script = () => null;
const succeeds: Script = () => ({ kind: 'success', xcoms: {} });

describe.each(DATABASES)('waits on %s', (dialect) => {
  const start = (spec: TaskSpec, script: Script = nobody) =>
    SchedulerHarness.start(
      dialect,
      [
        serializedDag('etl', { wait: spec }),
        serializedDag('load', { extract: {}, check: { upstream: ['extract'] } }),
      ],
      script,
    );

  it.each<[TaskSpec, string, string]>([
    [{ waitTimeoutMs: 200 }, 'failed', 'failed'],
    [{ waitTimeoutMs: 200, retries: 3 }, 'failed', 'failed'],
    [{ waitTimeoutMs: 200, onWaitTimeout: 'skip' }, 'skipped', 'success'],
    [{ waitTimeoutMs: 200, onWaitTimeout: 'continue' }, 'success', 'success'],
    [{ executionTimeoutMs: 200 }, 'failed', 'failed'],
    [{ executionTimeoutMs: 200, retries: 1, retryDelayMs: HOUR }, 'up_for_retry', 'running'],
  ])('given up by %o it is %s', async (spec, state, run) => {
    await using harness = await start({ wait: never, ...spec });
    const runId = await harness.trigger('etl');
    const task = await harness.taskIs('etl', runId, 'wait', state);
    await harness.runIs('etl', runId, run);
    expect(harness.executor.granted).toEqual([]);
    const said = await harness.store.turns.xcoms([task.key], 'timed_out');
    expect([...said.values()]).toEqual(spec.onWaitTimeout === 'continue' ? ['true'] : []);
  });

  it('holds no slot, and begins although none is free', async () => {
    // From the run's start on: making a database takes longer than a second on a busy machine.
    const wait = { kind: 'delta', ms: 2_000, from: 'runStart' } as const;
    const dag = serializedDag('etl', { a: { wait }, b: { wait } }, { maxActiveTasks: 1 });
    await using harness = await SchedulerHarness.start(dialect, [dag], nobody);
    await harness.setVariable('parallelism', 0);
    const runId = await harness.trigger('etl');
    await harness.taskIs('etl', runId, 'a', 'deferred');
    await harness.taskIs('etl', runId, 'b', 'deferred');
    expect((await harness.store.turns.counters()).get('parallelism') ?? 0).toBe(0);
    await harness.runIs('etl', runId, 'success');
  });

  it.each<[string, (runId: string) => Intent, string]>([
    ['killed', (runId) => ({ kind: 'kill', payload: { runId, taskIds: ['wait'] } }), 'failed'],
    [
      'marked',
      (runId) => ({ kind: 'mark_tasks', payload: { runId, taskIds: ['wait'], state: 'success' } }),
      'success',
    ],
    ['killed with its run', (runId) => ({ kind: 'kill', payload: { runId } }), 'failed'],
    ['cleared', (runId) => ({ kind: 'clear', payload: { runId, taskIds: ['wait'] } }), 'deferred'],
  ])('may be %s', async (_name, intent, state) => {
    await using harness = await start({ wait: never });
    const runId = await harness.trigger('etl');
    const before = await harness.taskIs('etl', runId, 'wait', 'deferred');
    expect(before.reason).toContain('waits until 2999-01-01');
    await harness.ask('etl', intent(runId));
    const after = await harness.taskIs('etl', runId, 'wait', state);
    expect(after.attemptId === before.attemptId).toBe(state !== 'deferred');
  });

  it.each<[string, Wait | (() => Wait)]>([
    ['a time', () => soon(6_000)],
    ['another run', external()],
  ])('%s is waited for by the next scheduler', async (_name, wait) => {
    await using harness = await start({ wait: typeof wait === 'function' ? wait() : wait }, succeeds);
    const logicalDate = '2026-01-05T00:00:00Z';
    const runId = await harness.triggerAt('etl', logicalDate);
    await harness.taskIs('etl', runId, 'wait', 'deferred');
    await harness.restart();
    expect((await harness.states('etl', runId)).wait).toBe('deferred');
    await harness.triggerAt('load', logicalDate);
    await harness.runIs('etl', runId, 'success');
  });
});
