import { expect, test } from 'vitest';
import { PlayedDag, type PlayedRun } from '../support/played-dag.ts';

/**
 * A run in which something is unfinished and nothing is left that could move it has failed, and says what was blocked. No DAG that loads gets
 * there, so the tables take a task's upstream away from it: one more end is expected than there are tasks to end.
 */
const block = (run: PlayedRun, taskId: string): PlayedRun => {
  for (const scope of run.instance(taskId).scopes) scope.ends.expected += 1;
  return run;
};

// biome-ignore format: a table
test.each([
  // dag                    blocked    what ends                 the run     blocked then        why
  ['a -> b',                'b',       'a:success',              'failed',   'upstream_failed',  /^Deadlock: nothing can move b any more\.$/],
  ['a -> b -> c, d',        'b',       'a:success',              'failed',   'upstream_failed',  /^Deadlock: nothing can move b, c, d any more\.$/],
  ['a, x -> b',             'b',       'a:success',              'running',  'none',             null],      // x may still end
  ['a, x -> b',             'b',       'a:success x:success',    'failed',   'upstream_failed',  /move b any more/],
  // What something will still happen to by itself is none.
  ['a -> b; x retries=1',   'b',       'a:success x:failed',     'running',  'none',             null],
  ['a -> b; x',             'b',       'a:success x:waits 10',   'running',  'none',             null],
  ['a -> b; x',             'b',       'a:success x:defers 10',  'running',  'none',             null],
])('%s with %s blocked, after [%s]', (dag, blocked, ends, state, then, reason) => {
  const run = block(new PlayedDag(dag).run(), blocked).ends(ends);
  expect([run.state, run.states[blocked]]).toEqual([state, then]);
  if (reason !== null) expect(run.work.reason).toMatch(reason);
});

test('of many it names five', () => {
  const run = block(new PlayedDag('a -> b -> c, d, e, f, g, h').run(), 'b').ends('a:success');
  expect(run.work.reason).toMatch(/^Deadlock: nothing can move b, c, d, e, f, … any more\.$/);
});

test('what waits for a run of before is no deadlock', () => {
  const played = new PlayedDag('a past -> b');
  played.run().play('a:failed');
  expect(block(played.run(), 'b').state).toBe('running');
});

test('a clear makes it go on', () => {
  const run = block(new PlayedDag('a -> b').run(), 'b').ends('a:success');
  expect(run.clear({ taskIds: ['a'], downstream: true }).play().state).toBe('success');
});
