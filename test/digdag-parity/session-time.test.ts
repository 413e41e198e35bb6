import { DAG, task } from '@tsflow/core';
import { returns, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

/**
 * A session is named after the tick that it runs at, in the workflow's zone; `last_session_time` is the one before. Digdag's
 * `daily>: 07:00:00` is `0 7 * * *`, `hourly>: 30:00` is `30 * * * *`, `weekly>: Sun,09:00:00` is `0 9 * * SUN`, `monthly>: 1,09:00:00` is
 * `0 9 1 * *`, `minutes_interval>: 15` is a cron with `*\/15`.
 */
// biome-ignore format: a table
test.each([
  // schedule          zone            from                     to                       sessions: last session -> session, UTC
  ['0 7 * * *',        'Asia/Tokyo',   '2026-02-28T00:00:00Z',  '2026-03-02T00:00:00Z',  ['02-27T22:00 -> 02-28T22:00', '02-28T22:00 -> 03-01T22:00']],
  ['30 * * * *',       'UTC',          '2026-02-28T22:00:00Z',  '2026-03-01T01:00:00Z',  ['02-28T21:30 -> 02-28T22:30', '02-28T22:30 -> 02-28T23:30', '02-28T23:30 -> 03-01T00:30']],
  ['0 9 * * SUN',      'Asia/Tokyo',   '2026-03-01T00:30:00Z',  '2026-03-15T01:00:00Z',  ['03-01T00:00 -> 03-08T00:00', '03-08T00:00 -> 03-15T00:00']],
  ['0 9 1 * *',        'Asia/Tokyo',   '2026-01-02T00:00:00Z',  '2026-03-02T00:00:00Z',  ['01-01T00:00 -> 02-01T00:00', '02-01T00:00 -> 03-01T00:00']],
  ['*/15 * * * *',     'UTC',          '2026-01-01T00:05:00Z',  '2026-01-01T00:40:00Z',  ['01-01T00:00 -> 01-01T00:15', '01-01T00:15 -> 01-01T00:30']],
] as const)('%s in %s', async (schedule, timezone, now, until, sessions) => {
  const dag = new DAG({ dagId: 'session', schedule, timezone }, () => {
    task('work', () => null);
  });
  await using played = await startDag(dag, { now, schedule: true, tasks: { work: returns(null) } });
  await played.advanceTo(until);
  const short = (instant: Date) => instant.toISOString().slice(5, 16);
  const runs = (await played.runs()).map(({ logicalDate, dataInterval }) => {
    expect(dataInterval.end).toEqual(logicalDate);
    return `${short(dataInterval.start)} -> ${short(logicalDate)}`;
  });
  expect(runs).toEqual(sessions);
});

test('a workflow that was off for days makes up for the newest session alone, unless it catches up', async () => {
  for (const [catchup, sessions] of [
    [false, 1],
    [true, 5],
  ] as const) {
    const dag = new DAG({ dagId: 'off', schedule: '0 0 * * *', catchup, startDate: '2026-01-01' }, () => {
      task('work', () => null);
    });
    await using played = await startDag(dag, { now: '2026-01-05T12:00:00Z', schedule: true });
    await played.advance('1m');
    expect(await played.runs(), `catchup ${catchup}`).toHaveLength(sessions);
  }
});
