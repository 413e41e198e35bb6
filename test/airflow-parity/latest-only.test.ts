import { DAG, LatestOnlyOperator, task } from '@tsflow/core';
import { runDag, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

/** Latest-only skips its direct downstream unless now lies in the newest window of the schedule; runs by hand never. */

const daily = (catchup = true) =>
  new DAG({ dagId: 'latest', schedule: '@daily', startDate: '2026-01-01', catchup, maxActiveRuns: 1 }, () => {
    const latest = new LatestOnlyOperator({ taskId: 'latest' });
    const direct = task('direct', () => 1);
    const below = task('below', () => 1, {}, { triggerRule: 'all_done' });
    const chained = task('chained', () => 1);
    latest.before(direct);
    direct.before(below, chained);
  });

const RAN = ['success', 'success', 'success'];
const SKIPPED = ['skipped', 'success', 'skipped'];

// biome-ignore format: a table
test.each([
  // what                               catchup  first seen               until                    runs: [direct, below (all_done), chained]
  ['what catches up, but the newest',   true,    '2026-01-03T12:00:00Z',  '2026-01-03T18:00:00Z',  { '2026-01-01': SKIPPED, '2026-01-02': SKIPPED, '2026-01-03': RAN }],
  ['each in its own window',            true,    '2026-01-01T00:00:00Z',  '2026-01-03T06:00:00Z',  { '2026-01-01': RAN, '2026-01-02': RAN, '2026-01-03': RAN }],
  ['without catchup there is no other', false,   '2026-01-03T12:00:00Z',  '2026-01-04T06:00:00Z',  { '2026-01-03': RAN, '2026-01-04': RAN }],
])('%s', async (_what, catchup, now, end, expected) => {
  await using running = await startDag(daily(catchup), { now, schedule: true });
  await running.advanceTo(end);
  const seen = (await running.runs()).map(({ logicalDate, states }) => [
    logicalDate.toISOString().slice(0, 10),
    [states.direct, states.below, states.chained],
  ]);
  expect(Object.fromEntries(seen)).toEqual(expected);
});

test('what is backfilled is skipped', async () => {
  await using running = await startDag(daily(), { now: '2026-02-01T12:00:00Z' });
  const at = '2026-01-05T00:00:00Z';
  const payload = {
    start: at,
    end: at,
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 1,
    conf: {},
  } as const;
  await running.ask({ kind: 'backfill', payload });
  await running.advance('1m');
  expect((await running.runs()).map(({ states }) => [states.direct, states.below, states.chained])).toEqual([
    SKIPPED,
  ]);
});

test('a run by hand is never skipped', async () => {
  const run = await runDag(daily(), { now: '2026-06-01T12:00:00Z', logicalDate: '2026-01-02T00:00:00Z' });
  expect(run.states).toEqual({ latest: 'success', direct: 'success', below: 'success', chained: 'success' });
});
