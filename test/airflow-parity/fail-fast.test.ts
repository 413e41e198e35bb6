import { describe, expect, it } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const failed = { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true } as const;

/** `bad` fails; `long` runs until it is ended; everything else succeeds at once. */
const script: Script = ({ taskId }) =>
  taskId.startsWith('bad') ? failed : taskId.startsWith('long') ? null : { kind: 'success', xcoms: {} };

const teardown: TaskSpec = { isTeardown: true, triggerRule: 'all_done_setup_success' };

interface Row {
  readonly name: string;
  readonly tasks: Readonly<Record<string, TaskSpec>>;
  readonly states: Readonly<Record<string, string>>;
}

const ROWS: readonly Row[] = [
  {
    name: 'ends what runs as failed',
    tasks: { long: {}, bad: {} },
    states: { long: 'failed', bad: 'failed' },
  },
  {
    name: 'skips what has not begun, also below the failed task',
    tasks: { bad: {}, below: { upstream: ['bad'] }, long: {}, later: { upstream: ['long'] } },
    states: { bad: 'failed', below: 'skipped', long: 'failed', later: 'skipped' },
  },
  {
    name: 'leaves what has ended',
    tasks: { first: {}, bad: { upstream: ['first'] } },
    states: { first: 'success', bad: 'failed' },
  },
  {
    name: 'still runs teardowns',
    tasks: {
      make: { isSetup: true },
      bad: { upstream: ['make'] },
      later: { upstream: ['bad'] },
      clean: { upstream: ['make', 'bad', 'later'], ...teardown },
    },
    states: { make: 'success', bad: 'failed', later: 'skipped', clean: 'success' },
  },
  {
    name: 'skips what waits for its retry',
    tasks: { bad_again: { retries: 1, retryDelayMs: 60_000 }, gate: {}, bad: { upstream: ['gate'] } },
    states: { bad_again: 'skipped', gate: 'success', bad: 'failed' },
  },
  {
    name: 'does not act for a teardown that fails',
    tasks: {
      make: { isSetup: true },
      work: { upstream: ['make'] },
      bad_clean: { upstream: ['make', 'work'], ...teardown },
      after: { upstream: ['work'] },
    },
    states: { make: 'success', work: 'success', bad_clean: 'failed', after: 'success' },
  },
];

describe.each(DATABASES)('a DAG that fails fast on %s', (dialect) => {
  it.each(ROWS)('$name', async ({ tasks, states }) => {
    const dag = serializedDag('fast', tasks, { failFast: true });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('fast');
    const wanted = 'bad_clean' in tasks ? 'success' : 'failed';
    await tsflow.runIs('fast', runId, wanted);
    expect(await tsflow.states('fast', runId)).toEqual(states);
  });

  it('waits for the last try', async () => {
    const dag = serializedDag('fast', { bad: { retries: 1, retryDelayMs: 1 }, ok: {} }, { failFast: true });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script);
    const runId = await tsflow.trigger('fast');
    await tsflow.runIs('fast', runId, 'failed');
    expect(await tsflow.states('fast', runId)).toEqual({ bad: 'failed', ok: 'success' });
  });
});
