import { DAG, task } from '@tsflow/core';
import { startDag } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** Which ticks get a run when a DAG is seen late, was paused, or has a start or an end: all of them with catchup, else the newest that was missed. */

const NOON = '2026-01-04T12:00:00Z';

// biome-ignore format: a table
test.each([
  // what                                     options of a daily DAG                                              seen first               paused until             watched until            its days in January
  ['catchup: every tick since the start',     { catchup: true, startDate: '2026-01-01' },                         NOON,                    null,                    NOON,                    [1, 2, 3, 4]],
  ['without it the newest that was missed',   { startDate: '2026-01-01' },                                        NOON,                    null,                    NOON,                    [4]],
  ['… which may be the very first tick',      { startDate: '2026-01-04' },                                        NOON,                    null,                    NOON,                    [4]],
  ['… and every one that comes',              { startDate: '2026-01-01' },                                        NOON,                    null,                    '2026-01-06T00:00:00Z',  [4, 5, 6]],
  ['nothing before the start',                { catchup: true, startDate: '2026-01-04T01:00:00Z' },               NOON,                    null,                    '2026-01-05T12:00:00Z',  [5]],
  ['a start in the future',                   { catchup: true, startDate: '2026-01-06' },                         NOON,                    null,                    '2026-01-07T12:00:00Z',  [6, 7]],
  ['no start: from when it was seen',         { catchup: true },                                                  NOON,                    null,                    '2026-01-06T12:00:00Z',  [5, 6]],
  ['no start, no catchup: the same',          {},                                                                 NOON,                    null,                    '2026-01-06T12:00:00Z',  [5, 6]],
  ['the day of the end is one of them',       { catchup: true, startDate: '2026-01-01', endDate: '2026-01-02' },  NOON,                    null,                    '2026-01-06T12:00:00Z',  [1, 2]],
  ['over before it was seen: the last tick',  { startDate: '2026-01-01', endDate: '2026-01-02' },                 NOON,                    null,                    '2026-01-06T12:00:00Z',  [2]],
  ['after a pause the newest alone',          { startDate: '2026-01-01' },                                        '2026-01-01T12:00:00Z',  '2026-01-04T12:00:00Z',  '2026-01-05T12:00:00Z',  [1, 4, 5]],
  ['after a pause everything with catchup',   { catchup: true, startDate: '2026-01-01' },                         '2026-01-01T12:00:00Z',  '2026-01-04T12:00:00Z',  '2026-01-05T12:00:00Z',  [1, 2, 3, 4, 5]],
  ['one run at a time: oldest first',         { catchup: true, startDate: '2026-01-01', maxActiveRuns: 1 },       NOON,                    null,                    '2026-01-05T00:00:00Z',  [1, 2, 3, 4, 5]],
])('%s', async (_what, options, seen, unpaused, end, days) => {
  const dag = new DAG({ dagId: 'daily', schedule: '0 0 * * *', ...options }, () => void task('work', () => 1));
  await using running = await startDag(dag, { now: seen, schedule: true });
  await running.advance('1s');
  if (unpaused !== null) {
    await running.ask({ kind: 'pause', payload: { isPaused: true } });
    await running.advanceTo(unpaused);
    await running.ask({ kind: 'pause', payload: { isPaused: false } });
  }
  await running.advanceTo(new Date(Date.parse(end) + 1_000));
  expect((await running.runs()).map(({ logicalDate }) => logicalDate.getUTCDate())).toEqual(days);
});

const DAY = 86_400_000;
const midnight = Math.floor(Date.now() / DAY) * DAY;

describe.each(DATABASES)('catching up, on %s', (dialect) => {
  it('never has more runs at once than maxActiveRuns', async () => {
    const options = {
      timetable: { type: 'cron', expression: '0 0 * * *', timezone: 'UTC' },
      startDate: new Date(midnight - 9 * DAY).toISOString(),
      catchup: true,
      maxActiveRuns: 2,
    };
    const dag = serializedDag('catching_up', { only: {} }, options);
    await using tsflow = await SchedulerHarness.start(dialect, [dag], () => ({ kind: 'success', xcoms: {} }));
    const dates = await until('ten runs have ended', async () => {
      const rows = await tsflow.store.db.selectFrom('dagRun').selectAll().orderBy('key').execute();
      const isOver = rows.length === 10 && rows.every(({ state }) => state === 'success');
      return isOver ? rows.map(({ logicalDate }) => logicalDate) : null;
    });
    expect(dates).toEqual(Array.from({ length: 10 }, (_, i) => midnight - (9 - i) * DAY));
    let active = 0;
    for (const event of (await tsflow.events()).filter(({ type }) => type === 'run_state')) {
      active += event.toState === 'running' ? 1 : -1;
      expect(active).toBeLessThanOrEqual(2);
    }
  });
});
