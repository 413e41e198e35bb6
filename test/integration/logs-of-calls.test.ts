import { attemptLogPlace } from '@tsflow/core/logs';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('the log of an attempt that is called again, on %s', (dialect) => {
  it('keeps the lines of a first call whose start and end came in one turn, through a restart between the calls', async () => {
    await using harness = await SchedulerHarness.start(
      dialect,
      [serializedDag('etl', { job: {} })],
      () => null,
    );
    harness.executor.hasRunners = false;
    const runId = await harness.trigger('etl');
    const granted = () => harness.executor.granted.at(-1);
    await until('the first call is granted', () => granted() !== undefined);
    harness.executor.finish(granted()!, { kind: 'reschedule', atMs: Date.now() + 200, savedState: null });
    await harness.taskIs('etl', runId, 'job', 'up_for_reschedule');
    const place = async () =>
      attemptLogPlace(await harness.store.db.selectFrom('attempt').selectAll().executeTakeFirstOrThrow());
    // Read between the calls, it is that of the first one.
    const first = await place();
    expect(first).toMatchObject({ isEarlier: true });
    expect(first?.earlier).toHaveLength(1);
    await harness.restart();
    const { executor } = harness;
    await until('the second call is granted', () => executor.granted.length > 0);
    executor.finish(executor.granted[0]!, { kind: 'success', xcoms: {} });
    await harness.runIs('etl', runId, 'success');
    expect((await place())?.earlier).toEqual(first?.earlier);
  });
});
