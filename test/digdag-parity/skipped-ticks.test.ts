import type { SerializedDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** digdag's skip_on_overtime, skip_delayed_by and reschedule: ticks that make no run, and say so. */

const DAY = 86_400_000;
const midnight = Math.floor(Date.now() / DAY) * DAY;
const daysFromNow = (days: number) => new Date(midnight + days * DAY).toISOString();
const daily = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
const success = { kind: 'success', xcoms: {} } as const;
const dag = (options: Partial<SerializedDag>) =>
  serializedDag(
    'etl',
    { only: {} },
    { timetable: daily, catchup: true, startDate: daysFromNow(-5), ...options },
  );

/** Days from today of the runs there are, oldest first. */
async function dates(tsflow: SchedulerHarness): Promise<readonly number[]> {
  const rows = await tsflow.store.db
    .selectFrom('dagRun')
    .select('logicalDate')
    .orderBy('logicalDate')
    .execute();
  return rows.map(({ logicalDate }) => (logicalDate - midnight) / DAY);
}

async function skips(tsflow: SchedulerHarness): Promise<readonly object[]> {
  const events = (await tsflow.events()).filter(({ type }) => type === 'tick_skipped');
  return events.map(({ data }) => JSON.parse(data!) as object);
}

async function mark(tsflow: SchedulerHarness): Promise<number> {
  const row = await tsflow.store.db.selectFrom('dag').select('mark').executeTakeFirstOrThrow();
  return (row.mark! - midnight) / DAY;
}

describe.each(DATABASES)('ticks that make no run, on %s', (dialect) => {
  it('onOverlap queue: a tick waits for the run before', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [dag({ maxActiveRuns: 1 })], () => null);
    for (const [count, day] of [-5, -4, -3].entries()) {
      await until(`run ${count} runs`, async () => tsflow.executor.granted.length === count + 1);
      expect(await dates(tsflow)).toHaveLength(count + 1);
      expect(await mark(tsflow)).toBe(day);
      tsflow.executor.finish(tsflow.executor.running[0]!, success);
    }
    expect(await skips(tsflow)).toEqual([]);
  });

  it('without catchup the newest of those that waited gets its run, and the others are told of as missed', async () => {
    const sleepy = dag({ maxActiveRuns: 1, catchup: false });
    await using tsflow = await SchedulerHarness.start(dialect, [sleepy], () => success);
    await until('today is over', async () => {
      const runs = await tsflow.store.db.selectFrom('dagRun').select('state').execute();
      return runs.length === 1 && runs[0]!.state === 'success';
    });
    await tsflow.store.db
      .updateTable('dag')
      .set({ mark: midnight - 4 * DAY })
      .execute();
    await tsflow.store.db.deleteFrom('taskInstance').execute();
    await tsflow.store.db.deleteFrom('attempt').execute();
    await tsflow.store.db.deleteFrom('dagRun').execute();
    await tsflow.restart();
    await until('today has run', async () => (await dates(tsflow)).length === 1);
    const missed = (await tsflow.events()).filter(({ type }) => type === 'ticks_missed');
    expect(missed.map(({ data }) => JSON.parse(data!))).toEqual([
      { first: daysFromNow(-3), until: daysFromNow(0), count: 3 },
    ]);
  });

  it('onOverlap skip: what comes due while a run is active makes none', async () => {
    const overlapping = dag({ maxActiveRuns: 1, onOverlap: 'skip' });
    await using tsflow = await SchedulerHarness.start(dialect, [overlapping], () => null);
    await until('the first runs', async () => tsflow.executor.running.length === 1);
    await until('the others are passed over', async () => (await mark(tsflow)) === 0);
    expect(await dates(tsflow)).toEqual([-5]);
    expect(await skips(tsflow)).toEqual([
      { reason: 'overlap', first: daysFromNow(-4), last: daysFromNow(0), count: 5 },
    ]);
    tsflow.executor.finish(tsflow.executor.running[0]!, success);
    await tsflow.runIs('etl', `scheduled__${daysFromNow(-5).replace('.000Z', 'Z')}`, 'success');
    expect(await dates(tsflow)).toEqual([-5]);
  });

  it('skipDelayedBy: what is too late makes none, the rest does', async () => {
    const skipDelayedByMs = Date.now() - midnight + DAY + 3_600_000;
    await using tsflow = await SchedulerHarness.start(dialect, [dag({ skipDelayedByMs })], () => success);
    await until('the rest has run', async () => (await mark(tsflow)) === 0);
    expect(await dates(tsflow)).toEqual([-1, 0]);
    expect(await skips(tsflow)).toEqual([
      { reason: 'delayed', first: daysFromNow(-5), last: daysFromNow(-2), count: 4 },
    ]);
  });

  it('skipDelayedBy without catchup: the newest missed tick is too late as well', async () => {
    const late = dag({ skipDelayedByMs: 1, catchup: false });
    await using tsflow = await SchedulerHarness.start(dialect, [late], () => success);
    await until('it is passed over', async () => (await mark(tsflow)) === 0);
    expect(await dates(tsflow)).toEqual([]);
    expect(await skips(tsflow)).toMatchObject([{ reason: 'delayed', count: 1 }]);
  });

  it('ten years of hours that are too late are passed over within seconds', async () => {
    const hourly = dag({
      timetable: { ...daily, expression: '0 * * * *' },
      startDate: '2016-01-01T00:00:00Z',
      skipDelayedByMs: 3_600_000,
    });
    await using tsflow = await SchedulerHarness.start(dialect, [hourly], () => success);
    await until('it runs the last hour', async () => (await dates(tsflow)).length >= 1);
    const skipped = (await skips(tsflow)) as readonly { count: number }[];
    expect(skipped.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(90_000);
  });
});

describe.each(DATABASES)('reschedule on %s', (dialect) => {
  const start = () => SchedulerHarness.start(dialect, [dag({ startDate: daysFromNow(0) })], () => success);
  const nextTick = async (tsflow: SchedulerHarness) => {
    const row = await tsflow.store.db.selectFrom('dag').select('nextTick').executeTakeFirstOrThrow();
    return (row.nextTick! - midnight) / DAY;
  };

  it('skips runs, and remembers it over a restart and a new version', async () => {
    await using tsflow = await start();
    await until('today has run', async () => (await dates(tsflow)).length === 1);
    const answer = await tsflow.ask('etl', { kind: 'reschedule', payload: { skip: 2 } });
    expect(answer).toMatchObject({
      skipped: [daysFromNow(1), daysFromNow(2)],
      next: daysFromNow(3),
      runId: null,
    });
    expect(await nextTick(tsflow)).toBe(3);
    await tsflow.restart();
    await tsflow.record(dag({ startDate: daysFromNow(0), description: 'another' }));
    expect(await nextTick(tsflow)).toBe(3);
    await tsflow.ask('etl', { kind: 'reschedule', payload: { skipTo: daysFromNow(1) } });
    expect(await nextTick(tsflow)).toBe(1);
  });

  it('makes the next run now, once, and goes on with the one after it', async () => {
    await using tsflow = await start();
    await until('today has run', async () => (await dates(tsflow)).length === 1);
    const { runId } = await tsflow.ask('etl', { kind: 'reschedule', payload: { runNow: true } });
    const run = await tsflow.runIs('etl', runId as string, 'success');
    expect(run).toMatchObject({ runType: 'scheduled', slot: midnight + DAY, triggeredBy: 'ann' });
    expect(await nextTick(tsflow)).toBe(2);
    await tsflow.restart();
    expect(await nextTick(tsflow)).toBe(2);
    expect(await dates(tsflow)).toEqual([0, 1]);
    const event = (await tsflow.events()).find(({ type }) => type === 'dag_rescheduled')!;
    expect(JSON.parse(event.data!)).toMatchObject({ skipped: 0, runId });
    expect(event.actor).toBe('ann');
  });

  it('says no in words', async () => {
    await using tsflow = await start();
    await expect(tsflow.ask('etl', { kind: 'reschedule', payload: {} })).rejects.toThrow(/exactly one/);
  });
});
