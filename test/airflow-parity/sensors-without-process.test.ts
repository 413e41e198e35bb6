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
const late: Wait = { kind: 'instant', at: '2020-01-01T00:00:00.000Z' };
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

  it.each<[string, () => Wait]>([
    ['an instant that has passed', () => late],
    ['an instant that comes', soon],
    ['a time of day that has passed', () => ({ kind: 'time', time: '00:00', timezone: 'UTC' })],
    ['a delta from the end of the interval', () => ({ kind: 'delta', ms: 1, from: 'dataIntervalEnd' })],
    ['a delta from the start of the run', () => ({ kind: 'delta', ms: 200, from: 'runStart' })],
  ])('%s passes without a process', async (_name, wait) => {
    await using harness = await start({ wait: wait() });
    const runId = await harness.trigger('etl');
    await harness.runIs('etl', runId, 'success');
    expect(harness.executor.granted).toEqual([]);
    const { wait: task } = await harness.tasks('etl', runId);
    expect(task).toMatchObject({ state: 'success', tryNumber: 1 });
    expect(await harness.store.turns.attempt(task!.attemptId!)).toMatchObject({ state: 'success' });
  });

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
    const runId = await triggerAt(harness, 'etl', logicalDate);
    await harness.taskIs('etl', runId, 'wait', 'deferred');
    await harness.restart();
    expect((await harness.states('etl', runId)).wait).toBe('deferred');
    await triggerAt(harness, 'load', logicalDate);
    await harness.runIs('etl', runId, 'success');
  });

  describe('on another DAG', () => {
    const failing: Script = ({ taskId }) =>
      taskId === 'check'
        ? { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: false }
        : { kind: 'success', xcoms: {} };
    const tasks = (...taskIds: string[]) => external({ taskIds });

    it.each<[string, Wait, Script, string, string, string]>([
      ['its run', external(), succeeds, '05T00:00', '05T00:00', 'success'],
      ['its run of another date', external(), succeeds, '05T00:00', '04T00:00', 'deferred'],
      [
        'its run a day before',
        external({ which: { match: 'logicalDate', deltaMs: 24 * HOUR } }),
        succeeds,
        '05T00:00',
        '04T00:00',
        'success',
      ],
      [
        'its run of that day',
        external({ which: { match: 'day', deltaMs: 0 } }),
        succeeds,
        '05T00:00',
        '05T17:30',
        'success',
      ],
      [
        'its run of the day before',
        external({ which: { match: 'day', deltaMs: 24 * HOUR } }),
        succeeds,
        '05T03:00',
        '04T17:30',
        'success',
      ],
      [
        'its run of another day',
        external({ which: { match: 'day', deltaMs: 0 } }),
        succeeds,
        '05T00:00',
        '06T00:00',
        'deferred',
      ],
      [
        'dates that were computed',
        external({ which: { match: 'dates', dates: ['2026-01-04T00:00:00.000Z'] } }),
        succeeds,
        '05T00:00',
        '04T00:00',
        'success',
      ],
      [
        'only one of two dates',
        external({
          which: { match: 'dates', dates: ['2026-01-04T00:00:00.000Z', '2026-01-03T00:00:00.000Z'] },
        }),
        succeeds,
        '05T00:00',
        '04T00:00',
        'deferred',
      ],
      ['a run that failed', external(), failing, '05T00:00', '05T00:00', 'deferred'],
      [
        'a run that may fail',
        external({ allowedStates: ['success', 'failed'] }),
        failing,
        '05T00:00',
        '05T00:00',
        'success',
      ],
      [
        'a run that must not fail',
        external({ failedStates: ['failed'] }),
        failing,
        '05T00:00',
        '05T00:00',
        'failed',
      ],
      ['a task', tasks('extract'), failing, '05T00:00', '05T00:00', 'success'],
      ['two tasks', tasks('extract', 'check'), succeeds, '05T00:00', '05T00:00', 'success'],
      ['two tasks, one failed', tasks('extract', 'check'), failing, '05T00:00', '05T00:00', 'deferred'],
      [
        'a task that must not fail',
        external({ taskIds: ['check'], failedStates: ['failed'] }),
        failing,
        '05T00:00',
        '05T00:00',
        'failed',
      ],
      ['a task that is not there', tasks('nosuch'), succeeds, '05T00:00', '05T00:00', 'deferred'],
    ])('%s', async (_name, wait, script, ours, theirs, state) => {
      for (const order of ['wait first', 'end first'] as const) {
        await using harness = await start({ wait }, script);
        const end = async () => {
          const other = await triggerAt(harness, 'load', `2026-01-${theirs}:00Z`);
          await harness.runIs('load', other, 'success', 'failed');
        };
        if (order === 'end first') await end();
        const runId = await triggerAt(harness, 'etl', `2026-01-${ours}:00Z`);
        if (order === 'wait first') {
          await harness.taskIs('etl', runId, 'wait', 'deferred');
          await end();
        }
        // Whatever is to be said is said when everything that was sent has been applied.
        await harness.taskIs('etl', runId, 'wait', state);
        await untilNothingIsPending(harness);
        expect((await harness.states('etl', runId)).wait, order).toBe(state);
        expect(harness.executor.granted.filter(({ dagId }) => dagId === 'etl')).toEqual([]);
      }
    });

    it('goes on when a failed run is repaired', async () => {
      let fails = true;
      await using harness = await start({ wait: external() }, (workload) =>
        fails ? failing(workload) : succeeds(workload),
      );
      const at = '2026-01-05T00:00:00Z';
      const runId = await triggerAt(harness, 'etl', at);
      const other = await triggerAt(harness, 'load', at);
      await harness.runIs('load', other, 'failed');
      fails = false;
      await harness.ask('load', { kind: 'clear', payload: { runId: other, onlyFailed: true } });
      await harness.runIs('etl', runId, 'success');
    });
  });
});

async function triggerAt(harness: SchedulerHarness, dagId: string, logicalDate: string): Promise<string> {
  const { runId } = await harness.ask(dagId, { kind: 'trigger', payload: { logicalDate, conf: {} } });
  return runId as string;
}

async function untilNothingIsPending({ store }: SchedulerHarness): Promise<void> {
  for (;;) {
    const open = await store.db.selectFrom('intent').select('id').where('state', '=', 'pending').execute();
    if (open.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
