import { Asset, all, any, DAG, task } from '@tsflow/core';
import { startDags } from '@tsflow/testing';
import { expect, test } from 'vitest';

/** `{ assets, time }`: runs at ticks and when the assets are there. A tick takes no events: they make the run that they would have made. */

const [a, b] = [new Asset('a'), new Asset('b')];

// biome-ignore format: a table
test.each([
  // assets        what happens           the runs, each with the assets that made it
  [all(a, b),      'tick',                ['scheduled']],
  [all(a, b),      'tick a b',            ['scheduled', 'asset_triggered a b']],
  [all(a, b),      'a tick b',            ['scheduled', 'asset_triggered a b']],   // kept over the tick
  [all(a, b),      'a b tick',            ['asset_triggered a b', 'scheduled']],
  [all(a, b),      'a tick tick a',       ['scheduled', 'scheduled']],
  [any(a, b),      'a tick b',            ['asset_triggered a', 'scheduled', 'asset_triggered b']],
] as const)('%$: %s', async (assets, happens, expected) => {
  const made: string[] = [];
  const dag = new DAG(
    { dagId: 'use', schedule: { assets, time: '0 0 * * *' }, startDate: '2026-01-01' },
    () => {
      task('use', async ({ runType, assets: ports }) => {
        const names = (await ports.triggeredBy()).map(({ asset }) => asset);
        made.push([runType, ...names].join(' '));
      });
    },
  );
  await using running = await startDags([dag], { now: '2025-12-31T12:00:00Z', schedule: true });
  for (const what of happens.split(' ')) {
    if (what === 'tick') await running.advance('1d');
    else await running.post(what);
    await running.advance('1s');
  }
  expect(made).toEqual(expected);
});
