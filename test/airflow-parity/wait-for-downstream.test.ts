import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/** `waitForDownstream`: the task and its direct downstream in the run before; it implies depends-on-past. */

// biome-ignore format: a table
test.each([
  // dag                            the run before                       a may go on
  ['a waits -> b',                  '',                                  true],   // waitForDownstream
  ['a waits -> b',                  'b:failed',                          false],
  ['a waits -> b',                  'b:skipped',                         true],
  ['a waits -> b',                  'a:failed',                          false],  // and it implies depends-on-past
  ['a waits -> b all_done',         'a:failed',                          false],
  ['a waits -> b -> c',             'c:failed',                          true],   // direct downstream only
] as const)('%s after [%s]', (dag, ends, goesOn) => {
  const played = new PlayedDag(dag);
  played.run().play(ends);
  expect(played.run().states.a).toBe(goesOn ? 'queued' : 'none');
});

test('it waits for each of them while they run, and goes on with the last', () => {
  const played = new PlayedDag('a waits -> b, c -> d');
  const [first, second] = [played.run(), played.run()];
  for (const end of ['a:success', 'b:success']) {
    first.ends(end);
    expect(second.states.a, end).toBe('none');
  }
  first.ends('c:success');
  expect([first.states.d, second.states.a]).toEqual(['queued', 'queued']);
});

test('it goes on when a person mends what was below it there', () => {
  const played = new PlayedDag('a waits -> b');
  const first = played.run().play('b:failed');
  const second = played.run();
  expect([second.state, second.states.a]).toEqual(['running', 'none']);
  first.mark(['b'], 'success');
  expect(second.states.a).toBe('queued');
});

// biome-ignore format: a table
test.each([
  // the run before                     the run after                        a may go on
  ['b past -> c',                       'a waits -> b past -> c',            true],
  ['a past -> b',                       'a waits -> b; a -> c',              true],   // c is new
] as const)('a task that the previous run does not have holds nobody up: %s before %s', (before, after, goesOn) => {
  const played = new PlayedDag(before);
  played.run().play();
  played.adopt(after);
  expect(played.run().states.a).toBe(goesOn ? 'queued' : 'none');
});

test('what the previous run has of it still counts', () => {
  const played = new PlayedDag('a past -> b');
  played.run().play('b:failed');
  played.adopt('a waits -> b; a -> c');
  expect(played.run().states.a).toBe('none');
});
