import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/** `a:success b:skipped`: what is to be, for the tasks that are named. */
const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // what                                    dag                                                      ends                            states
  ['a short-circuit skips all below',        'sc short_circuit -> a -> b all_done -> c always',       'sc:stops',                     'a:skipped b:skipped c:success'],
  ['… unless it respects trigger rules',     'sc short_circuit respects -> a -> b all_done',          'sc:stops',                     'a:skipped b:success'],
  ['… then only direct downstream',          'sc short_circuit respects -> a -> b none_failed',       'sc:stops',                     'a:skipped b:success'],
  ['a short-circuit that goes on',           'sc short_circuit -> a',                                 'sc:goes on',                   'a:success'],
  ['teardowns are never skipped by it',      's setup -> sc short_circuit -> a -> t teardown; s -> t', 'sc:stops',                    'a:skipped t:success'],
])('%s', (_what, dag, ends, expected) => {
  expect(new PlayedDag(dag).run().play(ends).states).toMatchObject(states(expected));
});
