import { runDag } from '@tsflow/testing';
import { expect, test } from 'vitest';
import hello from './hello.ts';

test('the first example of the README', async () => {
  const run = await runDag(hello, { logicalDate: '2026-03-01T03:00:00+09:00' });
  expect(run.assertSucceeded().logs('print')).toEqual(['Good morning, it is 2026-03-01']);
});
