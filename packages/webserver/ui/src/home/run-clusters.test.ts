import { expect, it } from 'vitest';
import type { RunBar } from '../api/contract.ts';
import { type RunCluster, runClusters } from './run-clusters.ts';

const HOUR = 3_600_000;
const span = { from: 0, to: 24 * HOUR };

function run(begin: number, end: number | null, state: RunBar['state'] = 'success'): RunBar {
  const at = new Date(begin).toISOString();
  return {
    key: begin,
    runId: at,
    state,
    runType: 'scheduled',
    logicalDate: at,
    startDate: at,
    endDate: end === null ? null : new Date(end).toISOString(),
  };
}

it('leaves runs that stand apart as they are', () => {
  const drawn = runClusters([run(0, HOUR), run(2 * HOUR, null, 'running')], span, 1_200, 3 * HOUR);
  expect(drawn).toMatchObject([
    { left: 0, right: 50 },
    { left: 100, right: 150 },
  ]);
});

it('draws a backfill of seconds as one cluster that knows its counts', () => {
  const runs = Array.from({ length: 1_461 }, (_, i) =>
    run(12 * HOUR + i * 13, 12 * HOUR + i * 13 + 200, i % 100 === 0 ? 'failed' : 'success'),
  );
  const before = performance.now();
  const [only, ...others] = runClusters([...runs, run(0, HOUR)], span, 1_200, 13 * HOUR).slice(
    1,
  ) as RunCluster[];
  expect(performance.now() - before).toBeLessThan(50);
  expect(others).toEqual([]);
  expect(only!.counts).toEqual({ failed: 15, success: 1_446 });
  expect(only!.columns.length).toBeLessThan(8);
  expect(only!.peak).toBe(1_461);
});

it('counts those that run at the same time, column by column', () => {
  const drawn = runClusters([run(0, 4 * HOUR), run(2 * HOUR, 3 * HOUR, 'failed')], span, 240, 20 * HOUR);
  const [both] = drawn as RunCluster[];
  expect(both).toMatchObject({ left: 0, right: 40, peak: 2 });
  expect(both!.columns[0]).toEqual({ success: 1 });
  expect(both!.columns[5]).toEqual({ success: 1, failed: 1 });
});

it('leaves out what lies outside of the window', () =>
  expect(runClusters([run(-5 * HOUR, -4 * HOUR), run(25 * HOUR, null)], span, 100, 26 * HOUR)).toEqual([]));
