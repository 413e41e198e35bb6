import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { endless, type LimitRow, playLimit, running, setPool, tasks, wide } from '../support/slots.ts';
import { DATABASES } from '../support/store.ts';

/** `concurrencyKey`: so many tasks at once under a name, whichever DAGs they are of. */

const ROWS: readonly LimitRow[] = [
  {
    name: 'a concurrency key, over DAGs',
    dags: ['a', 'b', 'c'].map((id) => wide(id, { t: { concurrency: { key: 'crm', limit: 1 } } })),
    expected: 1,
  },
  {
    name: 'n at a time under a key',
    dags: ['a', 'b'].map((id) =>
      wide(
        id,
        tasks(4, () => ({ concurrency: { key: 'crm', limit: 3 } })),
      ),
    ),
    expected: 3,
  },
  {
    name: 'different keys do not meet',
    dags: [
      wide(
        'a',
        tasks(4, (i) => ({ concurrency: { key: `k${i}`, limit: 1 } })),
      ),
    ],
    expected: 4,
  },
];

describe.each(DATABASES)('a concurrency key on %s', (dialect) => {
  it.each(ROWS)('$name: $expected at once, and everything gets its turn', (row) => playLimit(dialect, row));

  it('a slot is given back as it was taken when a new version names another pool meanwhile', async () => {
    const before = wide('a', {
      t: { pool: 'one', concurrency: { key: 'crm', limit: 1 } },
      u: { upstream: ['t'] },
    });
    await using tsflow = await SchedulerHarness.start(dialect, [before], endless);
    await setPool(tsflow, 'one', 1);
    await setPool(tsflow, 'two', 1);
    const runId = await tsflow.trigger('a');
    await tsflow.taskIs('a', runId, 't', 'running');
    await tsflow.record(wide('a', { t: { pool: 'two' }, u: { upstream: ['t'] } }));
    // Clearing moves the run to the new version while t still has its slot of the old one.
    await tsflow.ask('a', { kind: 'clear', payload: { runId, taskIds: ['t'] } });
    await until('it runs again', async () => tsflow.executor.granted.length === 2);
    expect(Object.fromEntries(await tsflow.store.turns.counters())).toMatchObject({
      'pool:one': 0,
      'pool:two': 1,
      'key:crm': 0,
    });
  });

  it('counts what is in use again after a restart', async () => {
    const dags = ['a', 'b'].map((id) =>
      wide(id, { t: { pool: 'db', concurrency: { key: 'crm', limit: 1 }, maxActiveTisPerDagrun: 1 } }),
    );
    await using tsflow = await SchedulerHarness.start(dialect, dags, endless);
    await setPool(tsflow, 'db', 5);
    await tsflow.taskIs('a', await tsflow.trigger('a'), 't', 'running');
    await tsflow.restart();
    const runId = await tsflow.trigger('b');
    const waiting = await tsflow.taskIs('b', runId, 't', 'scheduled', 'running');
    expect(Object.fromEntries(await tsflow.store.turns.counters())['key:crm']).toBe(1);
    expect(waiting.concurrencyKey).toBe('crm');
  });
});

// SQLite has one scheduler.
it('what another scheduler gave back is seen within the poll', async () => {
  const dag = wide('a', { t: { concurrency: { key: 'crm', limit: 1 } } });
  await using tsflow = await SchedulerHarness.start('postgres', [dag], endless);
  const others = (used: number) =>
    tsflow.store.db
      .insertInto('counter')
      .values({ name: 'key:crm', used })
      .onConflict((on) => on.column('name').doUpdateSet({ used }))
      .execute();
  await others(1);
  const runId = await tsflow.trigger('a');
  await until(
    'it was refused the place',
    async () => (await tsflow.taskIs('a', runId, 't', 'scheduled')) !== null,
  );
  expect(running(tsflow)).toEqual([]);
  await others(0);
  await tsflow.taskIs('a', runId, 't', 'running');
});
