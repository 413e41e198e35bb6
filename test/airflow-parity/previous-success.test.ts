import { DAG, task } from '@tsflow/core';
import { startDags } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** What an incremental load goes on from: Airflow's `prev_data_interval_end_success`. */

const HOURS = ['00:00', '01:00', '02:00', '03:00'] as const;
const at = (hour: string) => `2026-03-01T${hour}:00.000Z`;

// biome-ignore format: a table
const CASES: readonly (readonly [string, readonly string[], readonly (string | null)[]])[] = [
  // what                            hours that fail      the run that each hour finds before it
  ['none before the first run',      [],                  [null, '00:00', '01:00', '02:00']],
  ['failed runs are passed over',    ['01:00', '02:00'],  [null, '00:00', '00:00', '00:00']],
  ['… also when none is left',       ['00:00', '01:00'],  [null, null, null, '02:00']],
];

describe.each(CASES)('%s', (_what, failing, expected) => {
  test('is what a task goes on from', async () => {
    const found = new Map<string, string | null>();
    const load = new DAG(
      { dagId: 'load', schedule: '0 * * * *', startDate: '2026-03-01', catchup: true, maxActiveRuns: 1 },
      () => {
        task('load', async ({ ts, dagRuns }) => {
          const before = await dagRuns.previousSuccess();
          found.set(ts, before?.logicalDate.toISOString() ?? null);
          expect(before === null || before.dataInterval.end <= new Date(ts)).toBe(true);
          if (failing.some((hour) => at(hour) === new Date(ts).toISOString())) throw new Error('no');
        });
      },
    );
    await using running = await startDags([load], { now: '2026-03-01T00:00:00Z', schedule: true });
    await running.advanceTo('2026-03-01T03:30:00Z');
    expect([...found.values()]).toEqual(expected.map((hour) => (hour === null ? null : at(hour))));
    expect(found.size).toBe(HOURS.length);
  });
});
