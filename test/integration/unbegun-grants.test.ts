import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

describe.each(DATABASES)('what no runner had begun when its scheduler ended, on %s', (dialect) => {
  it.each([
    ['the first call', 0],
    ['a call after another, which a runner had begun', 1],
  ])('is granted again and counts as no loss: %s', async (_which, begun) => {
    let isRestarted = false;
    const script = () => (isRestarted ? ({ kind: 'success', xcoms: {} } as const) : null);
    await using harness = await SchedulerHarness.start(dialect, [serializedDag('etl', { job: {} })], script);
    const { executor } = harness;
    executor.hasRunners = begun > 0;
    const runId = await harness.trigger('etl');
    if (begun > 0) {
      await harness.taskIs('etl', runId, 'job', 'running');
      executor.hasRunners = false;
      executor.finish(executor.granted[0]!, { kind: 'reschedule', atMs: Date.now(), savedState: null });
    }
    await until('its grant has nobody', async () => executor.granted.length > begun);
    isRestarted = true;
    await harness.restart();
    await harness.runIs('etl', runId, 'success');
    const attempts = await harness.store.db.selectFrom('attempt').select(['state', 'infraNumber']).execute();
    expect(attempts).toEqual([{ state: 'success', infraNumber: 0 }]);
  });
});
