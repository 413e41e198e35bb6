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
  // mark run   dag                           while           running     then
  ['success',   'a -> b -> c',                'a:success',    [],         'a:success b:success c:success',           'success'],
  ['failed',    'a -> b -> c',                'a:success',    ['b'],      'a:success b:failed c:skipped',            'failed'],
  ['failed',    'a -> b -> c',                'a:success',    [],         'a:success b:skipped c:skipped',           'failed'],   // b was queued: it did not run
  ['failed',    'a, b, c -> d',               'a:waits 10',   ['b'],      'a:failed b:failed c:skipped d:skipped',   'failed'],   // a was to be called again
  ['failed',    'a retries=1 -> b',           'a:failed',     [],         'a:skipped b:skipped',                     'failed'],   // a was to be tried again
  ['failed',    'a -> b all_done -> c',       'a:waits 10',   [],         'a:failed b:skipped c:skipped',            'failed'],   // b does not begin by this
] as const)('mark a run %s: %s after [%s] while %j run', (state, dag, ends, running, expected, runState) => {
  const run = new PlayedDag(dag).run().ends(ends);
  for (const taskId of running) run.begin(taskId);
  run.markRun(state);
  expect([run.states, run.state]).toEqual([states(expected), runState]);
});

test('a run that is marked keeps the end that a person gave a task while it was being ended', () => {
  const run = new PlayedDag('a -> b').run().begin('a');
  run.kill(['a']).markRun('failed');
  expect(run.states).toEqual({ a: 'failed', b: 'upstream_failed' });
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
  const run = new PlayedDag('a, x, y -> b').run().ends('a:success').begin('x').kill();
  expect([run.states, run.state]).toEqual([
    { a: 'success', x: 'failed', y: 'skipped', b: 'skipped' },
    'failed',
  ]);
});

const cluster = 's setup -> a -> b -> t teardown; s -> t';

// biome-ignore format: a table
test.each([
  // what                    while                     then at once
  ['mark a failed',          's:success',              's:success a:failed b:upstream_failed t:queued'],
  ['mark a success',         's:success',              's:success a:success b:queued t:none'],
  ['mark s skipped',         '',                       's:skipped a:skipped b:skipped t:skipped'],
  ['kill a',                 's:success',              's:success a:failed b:upstream_failed t:queued'],
  ['kill a',                 '',                       's:queued a:none b:none t:none'],                  // nothing of a is active
  ['kill b',                 's:success a:success',    's:success a:success b:failed t:queued'],
  ['clear a',                's:success a:success b:success t:success', 's:queued a:none b:success t:none'],
] as const)('%s after [%s] leaves setups and teardowns to their rules, unless it is a clear', (what, ends, expected) => {
  const run = new PlayedDag(cluster).run().ends(ends);
  const [verb, taskId, state] = what.split(' ') as [string, string, 'success' | 'failed' | 'skipped'];
  if (verb === 'mark') run.mark([taskId], state);
  else if (verb === 'kill') run.kill([taskId]);
  else run.clear({ taskIds: [taskId] });
  expect(run.states).toEqual(states(expected));
});

test('a priority is that of the tasks it was given to, and of no setup', () => {
  const run = new PlayedDag(cluster).run();
  run.prioritize(['a'], 99);
  expect(run.instance('a').priorityWeight).toBe(99);
  expect([run.instance('s').priorityWeight, run.instance('t').priorityWeight]).toEqual([null, null]);
});

// biome-ignore format: a table
test.each([
  // by hand, while it is queued                then                                     started, and played on
  ['mark a success',                            'a:success b:none t:none',               'a:success b:success t:success', 'success'],
  ['mark a failed',                             'a:failed b:none t:none',                'a:failed b:upstream_failed t:success', 'failed'],
  ['mark b success',                            'a:none b:success t:none',               'a:success b:success t:success', 'success'],
  ['mark run success',                          'a:success b:success t:none',            'a:success b:success t:success', 'success'],  // teardowns still run
] as const)('%s of a queued run starts nothing before it is its turn', (what, expected, ended, runState) => {
  const run = new PlayedDag('a -> b -> t teardown').run().play('a:failed').clearAndQueue();
  const [, target, state] = what.split(' ') as [string, string, 'success' | 'failed'];
  if (target === 'run') run.markRun(state);
  else run.mark([target], state);
  expect([run.states, run.state]).toEqual([states(expected), 'queued']);
  expect([run.start().play().states, run.state]).toEqual([states(ended), runState]);
});

test('a queued run that is marked failed ends without anything of it, and one marked success without teardowns too', () => {
  const queued = () => new PlayedDag('a -> b').run().play('a:failed').clearAndQueue();
  expect([queued().markRun('failed').states, queued().markRun('failed').state]).toEqual([
    { a: 'skipped', b: 'skipped' },
    'failed',
  ]);
  expect([queued().markRun('success').states, queued().markRun('success').state]).toEqual([
    { a: 'success', b: 'success' },
    'success',
  ]);
});

// biome-ignore format: a table
test.each([
  // dag                                        how the run ended             "only failed"
  ['a -> b -> c',                               'a:success timeout',          'a:success b:queued c:none'],
  ['a, x -> c all_done',                        'x:success timeout',          'a:queued x:success c:none'],
  ['a -> b -> c',                               'a:success marked',           'a:success b:queued c:none'],
  ['a branch -> b, c',                          'a:chooses b timeout',        'a:success b:queued c:skipped'],   // the branch's decision stands
  ['a, x -> c',                                 'x:skipped timeout',          'a:queued x:skipped c:skipped'],   // it skipped itself, and c with it
  ['a -> b; x',                                 'x:failed timeout',           'a:queued b:none x:queued'],
] as const)('retry only what failed in %s after [%s]: also what the end of the run skipped', (dag, how, expected) => {
  const run = new PlayedDag(dag).run();
  run.ends(how.replace(/ (timeout|marked)$/, ''));
  if (how.endsWith('timeout')) run.timeOut();
  else run.markRun('failed');
  expect(run.state).toBe('failed');
  run.clear({ onlyFailed: true });
  expect(run.states).toEqual(states(expected));
  expect(run.play().state).toBe('success');
});

test('what a DAG that fails fast skipped is among what failed', () => {
  const run = new PlayedDag('a, x -> c', { failFast: true }).run().ends('a:failed');
  expect([run.states, run.state]).toEqual([{ a: 'failed', x: 'skipped', c: 'skipped' }, 'failed']);
  run.clear({ onlyFailed: true });
  expect(run.states).toEqual({ a: 'queued', x: 'queued', c: 'none' });
  expect(run.play().state).toBe('success');
});

// biome-ignore format: a table
test.each([
  // dag                                       ends                      cleared     then at once
  ['a weight=9 -> b; x weight=5',              'a:success',              ['a'],      'a:scheduled b:none'],            // b waited for the slot that x has
  ['a weight=9 -> b -> c; x weight=5',         'a:success',              ['a', 'b'], 'a:scheduled b:none c:none'],
  ['a weight=9 -> b weight=8; x weight=5',     'a:success b:waits 10',   ['a'],      'a:scheduled b:none'],            // b was to be called again
  ['a weight=9 -> b weight=8; x weight=5',     'a:success b:failed',     ['a'],      'a:scheduled b:none'],            // b was to be tried again
] as const)('clear of %s after [%s], %j with downstream, decides what was about to run anew', (dag, ends, taskIds, expected) => {
  const run = new PlayedDag(dag.replace(' b', ' b retries=1'), {}, 1).run().ends(ends);
  run.clear({ taskIds, downstream: true });
  expect(run.states).toMatchObject(states(expected));
  expect(run.ends('x:success').play('a:failed').states).toMatchObject({ a: 'failed', b: 'upstream_failed' });
  expect(run.state).toBe('failed');
});

// biome-ignore format: a table
test.each([
  // dag                                       ends                      then at once                  b's last try  its most retries
  ['a weight=9 -> b; x weight=5',              'a:success',              'a:scheduled b:none',         2,            2],   // what was about to start waits again
  ['a weight=9 -> b weight=8; x weight=5',     'a:success b:failed',     'a:scheduled b:none',         3,            2],   // also when it was to be tried again
  ['a weight=9 -> b weight=8; x weight=5',     'a:success b:waits 10',   'a:scheduled b:scheduled',    1,            1],   // what has begun goes on
] as const)('clear of a alone in %s after [%s] lets b wait for it', (dag, ends, expected, tryNumber, maxTries) => {
  const run = new PlayedDag(dag.replace(' b', ' b retries=1'), {}, 1).run().ends(ends);
  if (run.instance('b').state !== 'scheduled') run.wake('b');
  run.clear({ taskIds: ['a'] });
  expect(run.states).toMatchObject(states(expected));
  expect(run.ends('x:success a:success').play().state).toBe('success');
  expect(run.instance('b')).toMatchObject({ tryNumber, maxTries });
});

test('a call that was about to be made again is over with the clear of its task', () => {
  const run = new PlayedDag('a weight=9; x weight=5', {}, 1).run().ends('a:waits 10').wake('a');
  expect(run.states).toEqual({ a: 'scheduled', x: 'queued' });
  const { attemptId } = run.instance('a');
  run.clear({ taskIds: ['a'] }).play();
  expect(run.instance('a')).toMatchObject({ tryNumber: 2, state: 'success' });
  expect(run.instance('a').attemptId).not.toBe(attemptId);
});
