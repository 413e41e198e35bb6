import { DAG, task } from '@tsflow/core';
import { startDags } from '@tsflow/testing';
import { expect, test } from 'vitest';

/** `jitter` spreads DAGs that share a tick: each has a delay of its own, every day the same; date and interval stay those of the tick. */

const DAY = 86_400_000;

// biome-ignore format: a table
test.each([
  // jitter       delays are below (ms)   and differ
  [undefined,     1,                      false],
  ['1h',          3_600_000,              true],
  ['10s',         10_000,                 true],
  [60,            60_000,                 true],    // seconds
] as const)('a jitter of %s', async (jitter, below, differ) => {
  const began = new Map<string, Date[]>();
  const dags = ['orders', 'prices', 'stock', 'users'].map(
    (dagId) =>
      new DAG({ dagId, schedule: '0 0 * * *', startDate: '2026-01-01', jitter }, () => {
        task('work', ({ logicalDate, dataInterval }) => {
          began.set(dagId, [...(began.get(dagId) ?? []), new Date()]);
          expect(logicalDate.getTime() % DAY).toBe(0);
          expect(dataInterval.end).toEqual(logicalDate);
        });
      }),
  );
  await using running = await startDags(dags, { now: '2025-12-31T12:00:00Z', schedule: true });
  await running.advanceTo('2026-01-03T12:00:00Z');
  const delays = [...began.values()].map((dates) => dates.map((date) => date.getTime() % DAY));
  expect(delays.map(({ length }) => length)).toEqual([3, 3, 3, 3]);
  for (const ofDag of delays) {
    expect(new Set(ofDag).size, 'the same every day').toBe(1);
    expect(ofDag[0]).toBeLessThan(below);
  }
  expect(new Set(delays.map(([delay]) => delay)).size).toBe(differ ? 4 : 1);
});
