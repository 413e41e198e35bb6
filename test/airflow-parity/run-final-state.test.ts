import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

// biome-ignore format: a table
test.each([
  // dag                                                          what ends otherwise than well     run
  ['a -> b',                                                      '',                               'success'],
  ['a -> b',                                                      'a:failed',                       'failed'],
  ['a -> b',                                                      'a:skipped',                      'success'], // every leaf skipped
  ['a -> b, c',                                                   'b:failed',                       'failed'],  // one leaf is enough
  ['a -> b all_done',                                             'a:failed',                       'success'], // a failed inner task under a leaf that succeeds
  ['a -> b one_failed',                                           '',                               'success'], // the leaf is skipped
  ['a -> b all_failed -> c',                                      'a:failed b:failed',              'failed'],
  // Teardowns do not decide, what stands above them does.
  ['a -> t teardown',                                             't:failed',                       'success'],
  ['a -> t teardown',                                             'a:failed',                       'failed'],
  ['a -> t teardown decides',                                     't:failed',                       'failed'],
  ['s setup -> a -> t teardown; s -> t',                          'a:failed',                       'failed'],
  ['s setup -> a -> t teardown; s -> t',                          's:failed',                       'failed'],
  ['s setup -> t teardown; x',                                    's:failed',                       'failed'],  // a setup with nothing to do but its teardown
  ['s1 setup -> s2 setup -> t teardown; x',                       's2:failed',                      'failed'],
  ['s1 setup -> s2 setup -> t teardown; x',                       's1:failed',                      'failed'],
  ['a -> t1 teardown -> t2 teardown',                             'a:failed',                       'failed'],  // walking up over two
  ['a -> t1 teardown decides -> t2 teardown',                     't1:failed',                      'failed'],  // met on the way
  ['t1 teardown, t2 teardown',                                    't1:failed',                      'failed'],  // nothing but teardowns
  ['t1 teardown, t2 teardown',                                    '',                               'success'],
])('%s with [%s] is %s', (dag, ends, expected) => {
  expect(new PlayedDag(dag).run().play(ends).state).toBe(expected);
});

test('a run waits for its teardown before it ends', () => {
  const run = new PlayedDag('s setup -> a -> t teardown; s -> t').run().ends('s:success a:failed');
  expect([run.state, run.states.t]).toEqual(['running', 'queued']);
  expect(run.ends('t:success').state).toBe('failed');
});

test('a task that waits for another try or another call keeps the run going', () => {
  expect(new PlayedDag('a retries=1').run().ends('a:failed').state).toBe('running');
  expect(new PlayedDag('a').run().ends('a:waits 10').state).toBe('running');
});
