import { startDag } from '@tsflow/testing';
import { expect, test } from 'vitest';
import closingPrices from './business-days.ts';

test('runs on business days alone, and Golden Week is one data interval', async () => {
  await using prices = await startDag(closingPrices, { schedule: true, now: '2026-04-30T12:00:00+09:00' });
  await prices.advanceTo('2026-05-08T12:00:00+09:00');
  const loaded = (await prices.runs()).map((run) => run.output('load'));
  expect(loaded).toEqual([
    '2026-04-30 to 2026-05-01',
    '2026-05-01 to 2026-05-07',
    '2026-05-07 to 2026-05-08',
  ]);
});
