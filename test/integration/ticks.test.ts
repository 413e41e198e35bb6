import { systemClock } from '@tsflow/core/clock';
import { timetableFromSchedule } from '@tsflow/core/timetables';
import { describe, expect, it } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

const succeed: Script = () => ({ kind: 'success', xcoms: {} });
const DAY = 86_400_000;
const daily = { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' };
const midnight = Math.floor(Date.now() / DAY) * DAY;
const daysAgo = (days: number) => new Date(midnight - days * DAY).toISOString();

async function finishedRuns(
  tsflow: SchedulerHarness,
  dagId: string,
  count: number,
): Promise<readonly number[]> {
  const rows = await until(`${count} runs of ${dagId} have ended`, async () => {
    const all = await tsflow.store.db
      .selectFrom('dagRun')
      .selectAll()
      .where('dagId', '=', dagId)
      .orderBy('key')
      .execute();
    return all.length === count && all.every(({ state }) => state === 'success') ? all : null;
  });
  return rows.map(({ logicalDate }) => logicalDate);
}

describe.each(DATABASES)('ticks on %s', (dialect) => {
  it('loads code ahead of a tick that is near, and not of one that is far', async () => {
    const near = serializedDag(
      'near',
      { only: {} },
      { timetable: { type: 'delta', everyMs: 20_000, startDate: null } },
    );
    const newYear = { type: 'cron', expression: '0 0 1 1 *', timezone: 'UTC' };
    const far = serializedDag('far', { only: {} }, { timetable: newYear });
    await using tsflow = await SchedulerHarness.start(dialect, [near, far], succeed);
    const preloaded = await until('something is loaded', () => tsflow.executor.preloaded.at(0) ?? null);
    const bundles = await tsflow.store.db.selectFrom('dagVersion').select(['dagId', 'bundle']).execute();
    expect(bundles.find(({ bundle }) => bundle === preloaded)?.dagId).toBe('near');
    await tsflow.trigger('far');
    await finishedRuns(tsflow, 'far', 1);
    expect(new Set(tsflow.executor.preloaded)).toEqual(new Set([preloaded]));
  });

  it('makes no run of a slot twice when somebody sets the clock, ahead or back, and goes on at once', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const dag = serializedDag('set', { only: {} }, { timetable: daily, startDate: daysAgo(9) });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed, undefined, clock);
    await finishedRuns(tsflow, 'set', 1);
    const turn = () => tsflow.ask('set', { kind: 'pause', payload: { isPaused: false } });
    for (const [days, runs] of [
      [1, 2],
      [0, 2],
      [1, 2],
      [2, 3],
    ] as const) {
      aheadMs = days * DAY;
      await turn();
      await finishedRuns(tsflow, 'set', runs);
    }
    const dates = await finishedRuns(tsflow, 'set', 3);
    expect(dates).toEqual([midnight, midnight + DAY, midnight + 2 * DAY]);
  });

  it('makes no run of a slot twice, whatever restarts in between', async () => {
    const dag = serializedDag('once', { only: {} }, { timetable: daily, startDate: daysAgo(0) });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    await finishedRuns(tsflow, 'once', 1);
    await tsflow.restart();
    await tsflow.trigger('once');
    const scheduled = await tsflow.store.db
      .selectFrom('dagRun')
      .select('runId')
      .where('runType', '=', 'scheduled')
      .execute();
    expect(scheduled).toHaveLength(1);
  });

  it('starts a task that depends on its past only after the previous run of it went well', async () => {
    const dag = serializedDag(
      'past',
      { only: { dependsOnPast: true } },
      { timetable: daily, startDate: daysAgo(3), catchup: true },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    await finishedRuns(tsflow, 'past', 4);
    const order = tsflow.executor.granted.map(({ logicalDate }) => logicalDate);
    expect(order).toEqual([...order].sort());
  });

  it('holds a paused DAG back and fires the newest missed tick when it goes on', async () => {
    const dag = serializedDag(
      'paused',
      { only: {} },
      { timetable: daily, startDate: daysAgo(5), pausedUponCreation: true },
    );
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    await tsflow.ask('paused', { kind: 'note', payload: { runId: 'x', note: '' } }).catch(() => undefined);
    expect(await tsflow.store.db.selectFrom('dagRun').selectAll().execute()).toEqual([]);
    await tsflow.ask('paused', { kind: 'pause', payload: { isPaused: false } });
    expect(await finishedRuns(tsflow, 'paused', 1)).toEqual([midnight]);
  });

  it.each([
    ['every second', timetableFromSchedule({ every: '1s' })],
    ['once', timetableFromSchedule('@once')],
  ])('fires %s for a DAG without a start date', async (name, timetable) => {
    const dag = serializedDag('undated', { only: {} }, { timetable: timetable.toJson() });
    await using tsflow = await SchedulerHarness.start(dialect, [dag], succeed);
    const runs = async () => tsflow.store.db.selectFrom('dagRun').select('slot').execute();
    await until(`it fires ${name}`, async () => (await runs()).length >= (name === 'once' ? 1 : 2));
    if (name === 'once') expect(await runs()).toHaveLength(1);
  });
});
