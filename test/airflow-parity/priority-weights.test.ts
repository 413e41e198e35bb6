import { buildDagGraph } from '@tsflow/core/rules';
import { expect, test } from 'vitest';
import { PlayedDag, parseTasks } from '../support/played-dag.ts';
import { serializedDag } from '../support/serialized-dag.ts';

// biome-ignore format: a table
test.each([
  // dag                                                              weights
  ['a -> b -> c',                                                     { a: 3, b: 2, c: 1 }],      // downstream, the default
  ['a -> b, c -> d',                                                  { a: 4, b: 2, c: 2, d: 1 }], // d counts once
  ['a weight=5 -> b weight=10',                                       { a: 15, b: 10 }],
  ['a upstream -> b upstream -> c upstream',                          { a: 1, b: 2, c: 3 }],
  ['a, b -> c upstream weight=2',                                     { a: 3, b: 3, c: 4 }],
  ['a absolute weight=7 -> b absolute weight=2',                      { a: 7, b: 2 }],
  ['a weight=-3 -> b',                                                { a: -2, b: 1 }],
  ['a weight=2147483647 -> b',                                        { a: 2147483647, b: 1 }],    // clamped to 32 bits
  ['a weight=-2147483647 -> b weight=-5',                             { a: -2147483647, b: -5 }],
])('%s', (dag, expected) => {
  const { tasks } = buildDagGraph(serializedDag('d', parseTasks(dag)), 'v');
  expect(Object.fromEntries(tasks.map(({ spec, weight }) => [spec.taskId, weight]))).toEqual(expected);
});

// biome-ignore format: a table
test.each([
  // dag, one slot                                      order
  ['a, b weight=5, c weight=3',                         'b c a'],
  ['a, b, c',                                           'a b c'],       // equal: the order of the tasks
  ['a -> b; c -> d -> e',                               'c a d b e'],   // the longer chain first; then by weight
  ['a weight=-1, b',                                    'b a'],
])('%s with one slot runs as %s', (dag, order) => {
  const played = new PlayedDag(dag, {}, 1);
  played.run().play();
  expect(played.admitted.join(' ')).toBe(order);
});

test('among equal weights the earlier logical date goes first', () => {
  const played = new PlayedDag('a -> b', {}, 1);
  const [first, second] = [played.run(), played.run()];
  first.ends('a:success');
  // b of the first run weighs less than a of the second.
  expect([first.states.b, second.states.a]).toEqual(['scheduled', 'queued']);
  second.ends('a:success');
  expect([first.states.b, second.states.b]).toEqual(['queued', 'scheduled']);
});
