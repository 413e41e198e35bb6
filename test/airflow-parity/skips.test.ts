import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/** `a:success b:skipped`: what is to be, for the tasks that are named. */
const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // what                                    dag                                                      ends                            states
  ['a skipped task uses no retry',           'a retries=3 -> b',                                      'a:skipped',                    'a:skipped b:skipped'],
  ['a failure for good uses no retry',       'a retries=3 -> b',                                      'a:fails for good',             'a:failed b:upstream_failed'],
])('%s', (_what, dag, ends, expected) => {
  expect(new PlayedDag(dag).run().play(ends).states).toMatchObject(states(expected));
});
