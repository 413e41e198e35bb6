import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // clear                                    ends before          then at once
  [{ taskIds: ['b'] },                        '',                  'a:success b:queued c:success d:success'],
  [{ taskIds: ['b'], downstream: true },      '',                  'a:success b:queued c:success d:none'],
  [{ taskIds: ['b'], upstream: true },        '',                  'a:queued b:none c:success d:success'],
  [{},                                        '',                  'a:queued b:none c:none d:none'],
  [{ onlyFailed: true },                      'b:failed',          'a:success b:queued c:success d:none'],  // upstream_failed counts as failed
  [{ taskIds: ['d'], onlyFailed: true },      'b:failed',          'b:failed d:upstream_failed'],           // cleared, and decided again at once
] as const)('clear %j after [%s]', (payload, ends, expected) => {
  const run = new PlayedDag('a -> b, c -> d').run().play(ends);
  run.clear(payload);
  expect(run.states).toMatchObject(states(expected));
});

test('a cleared run runs again and ends anew', () => {
  const run = new PlayedDag('a -> b').run().play('a:failed');
  expect(run.state).toBe('failed');
  run.clear({ onlyFailed: true });
  expect(run.state).toBe('running');
  expect(run.play().state).toBe('success');
});

test('numbers of tries never restart', () => {
  const run = new PlayedDag('a').run().play();
  for (let i = 0; i < 3; i++) run.clear().play();
  expect(run.instance('a').tryNumber).toBe(4);
});

// biome-ignore format: a table
test.each([
  // mark run   while                         then
  ['success',   'a:success',                  'a:success b:success c:success', 'success'],
  ['failed',    'a:success',                  'a:success b:failed c:skipped',  'failed'],   // b was active, c was not
] as const)('mark a run %s after [%s]', (state, ends, expected, runState) => {
  const run = new PlayedDag('a -> b -> c').run().ends(ends).markRun(state);
  expect([run.states, run.state]).toEqual([states(expected), runState]);
});

// biome-ignore format: a table
test.each([
  // mark                      ends            then                                    run
  [['b'], 'success',           'b:failed',     'a:success b:success c:upstream_failed', 'failed'],  // c keeps its end
  [['b', 'c'], 'success',      'b:failed',     'b:success c:success',                   'success'],
  [['c'], 'failed',            '',             'c:failed',                              'failed'],
  [['c'], 'skipped',           '',             'c:skipped',                             'success'],
] as const)('mark %j %s after [%s]', (taskIds, state, ends, expected, runState) => {
  const run = new PlayedDag('a -> b -> c').run().play(ends).mark(taskIds, state);
  expect(run.states).toMatchObject(states(expected));
  expect(run.state).toBe(runState);
});

test('marking an active task ends what runs, and downstream goes on', () => {
  const run = new PlayedDag('a -> b').run().mark(['a'], 'success');
  expect(run.states).toEqual({ a: 'success', b: 'queued' });
});

test('a killed task fails at once, whatever retries it has', () => {
  const run = new PlayedDag('a retries=3 -> b').run().kill(['a']);
  expect(run.states).toEqual({ a: 'failed', b: 'upstream_failed' });
});

test('a killed run: what is active fails, what has not begun is skipped', () => {
  const run = new PlayedDag('a, x -> b').run().ends('a:success').kill();
  expect([run.states, run.state]).toEqual([{ a: 'success', x: 'failed', b: 'skipped' }, 'failed']);
});
