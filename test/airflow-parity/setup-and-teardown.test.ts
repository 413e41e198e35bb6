import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

const CLUSTER = 's setup -> a -> b -> t teardown; s -> t';

// biome-ignore format: a table
test.each([
  // what                                              dag                                                             ends                    states
  ['all is well',                                      CLUSTER,                                                        '',                     's:success a:success b:success t:success'],
  ['the work fails: torn down all the same',           CLUSTER,                                                        'a:failed',             'a:failed b:upstream_failed t:success'],
  ['the work is skipped: torn down',                   CLUSTER,                                                        'a:skipped',            'a:skipped b:skipped t:success'],
  ['the setup fails: nothing to tear down',            CLUSTER,                                                        's:failed',             'a:upstream_failed b:upstream_failed t:upstream_failed'],
  ['the setup is skipped: all is skipped',             CLUSTER,                                                        's:skipped',            'a:skipped b:skipped t:skipped'],
  ['one of two setups succeeded: torn down',           's1 setup, s2 setup -> a -> t teardown; s1, s2 -> t',           's1:failed',            'a:upstream_failed t:success'],
  ['two setups, none succeeded',                       's1 setup, s2 setup -> a -> t teardown; s1, s2 -> t',           's1:failed s2:skipped', 't:upstream_failed'],
  ['a task after the teardown',                        `${CLUSTER}; t -> z`,                                           't:failed',             'z:upstream_failed'],
  // The scope reaches over tasks in between, whatever their rules.
  ['an indirect setup that failed',                    's setup -> a -> b all_done -> t teardown; s -> t',             's:failed',             'b:upstream_failed'],
  ['an indirect setup that was skipped',               's setup -> a -> b all_done -> t teardown; s -> t',             's:skipped',            'b:skipped'],
  ['an indirect setup far above',                      's setup -> a -> b -> c one_failed -> t teardown; s -> t',      's:failed',             'c:upstream_failed'],
  ['a setup without teardown: all that is below',      's setup -> a -> b always',                                     's:failed',             'a:upstream_failed b:upstream_failed'],
  ['below the teardown is out of the scope',           `${CLUSTER}; t -> z all_done`,                                  's:failed',             'z:success'],
  ['beside the scope is out of it',                    `${CLUSTER}; s -> x all_done`,                                  's:failed',             'x:success'],
])('%s', (_what, dag, ends, expected) => {
  expect(new PlayedDag(dag).run().play(ends).states).toMatchObject(states(expected));
});

test('a task waits for the setups around it, also those that are not directly above', () => {
  const run = new PlayedDag('s setup -> a, x; a -> b one_success -> t teardown; x -> b; s -> t').run();
  expect(run.states).toMatchObject({ s: 'queued', a: 'none', b: 'none' });
});

test('clearing a task brings its setup and teardown along', () => {
  const run = new PlayedDag(CLUSTER).run().play();
  run.clear({ taskIds: ['b'] });
  expect(run.states).toEqual({ s: 'queued', a: 'success', b: 'none', t: 'none' });
});

test('marking a run success leaves its teardowns to run', () => {
  const run = new PlayedDag(CLUSTER).run().ends('s:success').markRun('success');
  expect(run.states).toMatchObject({ a: 'success', b: 'success', t: 'queued' });
  expect(run.play().state).toBe('success');
});
