import { chain, DAG, group, task } from '@tsflow/core';
import { returns, runDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';

/**
 * In Digdag tasks of a group follow each other unless it says `_parallel: true`, and `_background: true` goes on beside those that follow. Here
 * order is said by edges: without any, tasks run side by side; `maxActiveTasks: 1` makes them follow each other, and `chain` in this order.
 */
const hours = (of: 'chain' | 'one at a time' | 'parallel' | 'two at a time' | 'background') =>
  new DAG({ dagId: 'parallel' }, () => {
    const limit = { 'one at a time': 1, 'two at a time': 2 }[of as string];
    group(
      'g',
      () => {
        const tasks = ['a', 'b', 'c', 'd'].map((id) => task(id, () => null));
        if (of === 'chain') chain(...tasks);
        if (of === 'background') chain(...tasks.slice(1));
      },
      limit === undefined ? {} : { maxActiveTasks: limit },
    );
  });

// biome-ignore format: a table
test.each([
  // flags                                       hours that four tasks of one hour take
  ['chain',           /* the default of Digdag */ 4],
  ['one at a time',   /* _parallel: limit 1 */    4],
  ['two at a time',   /* _parallel: limit 2 */    2],
  ['parallel',        /* _parallel: true */       1],
  ['background',      /* _background on the first */ 3],
] as const)('%s takes %i hours', async (of, expected) => {
  const anHour = takes('1h', returns(null));
  const run = await runDag(hours(of), { tasks: { 'g.a': anHour, 'g.b': anHour, 'g.c': anHour, 'g.d': anHour } });
  run.assertSucceeded();
  const times = run.attempts.map(({ startDate, endDate }) => [startDate!.getTime(), endDate!.getTime()] as const);
  const took = Math.max(...times.map(([, end]) => end)) - Math.min(...times.map(([start]) => start));
  expect(took / 3_600_000).toBe(expected);
});
