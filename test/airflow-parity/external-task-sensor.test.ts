import type { ExternalWait, Wait } from '@tsflow/core/dag';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Waiting for a run, or tasks of it, of another DAG: which one is meant, which ends will do, whether it ends before or after it is waited for. */

const HOUR = 3_600_000;

const external = (changes: Partial<ExternalWait> = {}): Wait => ({
  kind: 'external',
  dagId: 'load',
  taskIds: null,
  which: { match: 'logicalDate', deltaMs: 0 },
  allowedStates: ['success'],
  failedStates: [],
  ...changes,
});

const succeeds: Script = () => ({ kind: 'success', xcoms: {} });

describe.each(DATABASES)('a wait for another DAG on %s', (dialect) => {
  const start = (spec: TaskSpec, script: Script) =>
    SchedulerHarness.start(
      dialect,
      [
        serializedDag('etl', { wait: spec }),
        serializedDag('load', { extract: {}, check: { upstream: ['extract'] } }),
      ],
      script,
    );

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
        const other = await harness.triggerAt('load', `2026-01-${theirs}:00Z`);
        await harness.runIs('load', other, 'success', 'failed');
      };
      if (order === 'end first') await end();
      const runId = await harness.triggerAt('etl', `2026-01-${ours}:00Z`);
      if (order === 'wait first') {
        await harness.taskIs('etl', runId, 'wait', 'deferred');
        await end();
      }
      // Whatever is to be said is said when everything that was sent has been applied.
      await harness.taskIs('etl', runId, 'wait', state);
      await until('nothing is asked any more', () => isNothingPending(harness));
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
    const runId = await harness.triggerAt('etl', at);
    const other = await harness.triggerAt('load', at);
    await harness.runIs('load', other, 'failed');
    fails = false;
    await harness.ask('load', { kind: 'clear', payload: { runId: other, onlyFailed: true } });
    await harness.runIs('etl', runId, 'success');
  });
});

async function isNothingPending({ store }: SchedulerHarness): Promise<boolean> {
  const open = await store.db.selectFrom('intent').select('id').where('state', '=', 'pending').execute();
  return open.length === 0;
}
