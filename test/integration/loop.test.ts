import { DAG, loop, task } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { DATABASES } from '../support/store.ts';

const polling = serializeDag(
  new DAG({ dagId: 'polling' }, () => {
    loop('l', () => task('ask', () => 1, {}, { retries: 1, retryDelay: 1 }), { until: () => true }).before(
      task('after', () => 1),
    );
  }),
);

/** Goes round three times; the second iteration fails in its first try. */
const thrice: Script = ({ taskId, mapPath, tryNumber }) => {
  if (taskId === 'l.until')
    return { kind: 'success', xcoms: {}, decision: { kind: 'until', isMet: mapPath === '2' } };
  if (taskId === 'l.ask' && mapPath === '1' && tryNumber === 1)
    return { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true };
  return { kind: 'success', xcoms: { return_value: 1 } };
};

describe.each(DATABASES)('a loop, on %s', (dialect) => {
  it('goes on under another scheduler where it was, and repeats nothing', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [polling], thrice);
    const runId = await tsflow.trigger('polling');
    await tsflow.taskIs('polling', runId, 'l.ask', 'up_for_retry');
    await tsflow.restart();
    await tsflow.runIs('polling', runId, 'success');
    const attempts = await tsflow.store.db
      .selectFrom('attempt')
      .select(['taskId', 'mapPath', 'tryNumber'])
      .orderBy('attemptId')
      .execute();
    expect(attempts.map(({ taskId, mapPath, tryNumber }) => `${taskId}[${mapPath}] ${tryNumber}`)).toEqual([
      'l.ask[0] 1',
      'l.until[0] 1',
      'l.ask[1] 1',
      'l.ask[1] 2',
      'l.until[1] 1',
      'l.ask[2] 1',
      'l.until[2] 1',
      'after[] 1',
    ]);
  });
});
