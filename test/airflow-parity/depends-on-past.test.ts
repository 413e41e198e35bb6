import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

// biome-ignore format: a table
test.each([
  // dag                            the run before                       a may go on
  ['a past -> b',                   '',                                  true],
  ['a past -> b',                   'a:skipped',                         true],
  ['a past -> b',                   'a:failed',                          false],
  ['a past -> b',                   'b:failed',                          true],   // its own task is all it looks at
  ['a past all_done -> b',          'a:failed',                          false],
] as const)('%s after [%s]', (dag, ends, goesOn) => {
  const played = new PlayedDag(dag);
  played.run().play(ends);
  expect(played.run().states.a).toBe(goesOn ? 'queued' : 'none');
});

test('the first run ever passes', () => {
  expect(new PlayedDag('a past').run().states.a).toBe('queued');
});

test('it waits while the one before runs, and goes on with its end', () => {
  const played = new PlayedDag('a past -> b');
  const [first, second] = [played.run(), played.run()];
  expect([first.states.a, second.states.a]).toEqual(['queued', 'none']);
  first.ends('a:success');
  expect(second.states.a).toBe('queued');
});

test('a run that waits for its past is no deadlock, and goes on when a person mends the past', () => {
  const played = new PlayedDag('a past -> b');
  const first = played.run().play('a:failed');
  const second = played.run();
  expect([second.state, second.states.a]).toEqual(['running', 'none']);
  first.clear().play();
  expect(second.play().state).toBe('success');
});

test('… or marks it', () => {
  const played = new PlayedDag('a past');
  const first = played.run().play('a:failed');
  const second = played.run();
  first.mark(['a'], 'success');
  expect(second.states.a).toBe('queued');
});

// biome-ignore format: a table
test.each([
  // the run before                     the run after                        a may go on
  ['b',                                 'a past; b',                         true],   // a is new
] as const)('a task that the previous run does not have holds nobody up: %s before %s', (before, after, goesOn) => {
  const played = new PlayedDag(before);
  played.run().play();
  played.adopt(after);
  expect(played.run().states.a).toBe(goesOn ? 'queued' : 'none');
});

test('a task that the previous run gets by a clear counts from then on', () => {
  const played = new PlayedDag('b');
  const first = played.run().play();
  played.adopt('b -> a past');
  const second = played.run();
  first.clear();
  second.ends('b:success');
  expect(second.states.a).toBe('none');
  first.play();
  expect(second.states.a).toBe('queued');
});
