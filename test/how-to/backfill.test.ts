import { DAG, task } from '@tsflow/core';
import { returns, startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

const daily = new DAG({ dagId: 'daily', schedule: '0 3 * * *', timezone: 'Asia/Tokyo' }, () => {
  task(
    'load',
    ({ dataInterval }) => `${dataInterval.start.toISOString()} to ${dataInterval.end.toISOString()}`,
  );
});

test('a run for each tick, both days included, each about the day before its tick', async () => {
  await using played = await startDag(daily, { now: '2026-03-10' });
  const backfill = {
    start: '2026-02-28T15:00:00Z',
    end: '2026-03-02T14:59:59Z',
    reprocess: 'none',
    reverse: false,
    maxActiveRuns: 2,
    conf: {},
  } as const;
  await played.ask({ kind: 'backfill', payload: backfill });
  await played.advance('1m');
  const runs = await played.runs();
  expect(runs.map(({ runId }) => runId)).toEqual([
    'backfill__2026-02-28T18:00:00Z',
    'backfill__2026-03-01T18:00:00Z',
  ]);
  expect(runs[0]!.output('load')).toBe('2026-02-27T18:00:00.000Z to 2026-02-28T18:00:00.000Z');
});

test('asked for again, it runs what failed and leaves the rest', async () => {
  const load = returns(({ context, call }) => {
    if (context.ds === '2026-03-01' && call === 1) throw new Error('no');
    return 'loaded';
  });
  await using played = await startDag(daily, { now: '2026-03-10', tasks: { load } });
  const range = {
    start: '2026-02-28T15:00:00Z',
    end: '2026-03-02T14:59:59Z',
    reverse: false,
    maxActiveRuns: 2,
    conf: {},
  };
  for (const reprocess of ['none', 'failed'] as const) {
    await played.ask({ kind: 'backfill', payload: { ...range, reprocess } });
    await played.advance('1m');
  }
  expect((await played.runs()).map(({ state, tries }) => [state, tries.load])).toEqual([
    ['success', 2],
    ['success', 1],
  ]);
});
