import { DAG, task } from '@tsflow/core';
import { type DagsTestOptions, startDags } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';

/** A daily plan changes a limit by itself, at an instant that the virtual clock knows as it knows every other. */

/** Nothing by day, one from 22:00 to 06:00. */
const atNight = { default: 0, windows: [{ cron: '0 22 * * *', for: '8h', value: 1 }] };
const work = () => void task('work', () => 'done', {}, { pool: 'db' });

describe('a limit that is a daily plan, under the virtual clock', () => {
  it.each<[string, DAG, Pick<DagsTestOptions, 'variables'>]>([
    ['maxActiveTasks', new DAG({ dagId: 'etl', maxActiveTasks: atNight }, work), {}],
    ['parallelism', new DAG({ dagId: 'etl' }, work), { variables: { parallelism: atNight } }],
  ])('%s: what waits for its window begins when it opens', async (_name, etl, options) => {
    await using test = await startDags([etl], { now: '2026-03-01T12:00:00Z', ...options });
    const runs = [await test.of(etl).trigger(), await test.of(etl).trigger()];
    for (const runId of runs) {
      const run = await test.of(etl).finished(runId);
      expect(run.assertSucceeded().attempts[0]!.startDate).toEqual(new Date('2026-03-01T22:00:00Z'));
    }
  });

  it('opens and closes at its own instants while time passes', async () => {
    const etl = new DAG({ dagId: 'etl', maxActiveTasks: atNight }, work);
    await using test = await startDags([etl], { now: '2026-03-01T12:00:00Z' });
    const first = await test.of(etl).trigger();
    await test.advanceTo('2026-03-02T12:00:00Z');
    const second = await test.of(etl).trigger();
    await test.advanceTo('2026-03-05T00:00:00Z');
    const starts = await Promise.all(
      [first, second].map(async (runId) => (await test.of(etl).report(runId)).attempts[0]!.startDate),
    );
    expect(starts).toEqual([new Date('2026-03-01T22:00:00Z'), new Date('2026-03-02T22:00:00Z')]);
  });
});
