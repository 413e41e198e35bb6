import { branch, DAG, task } from '@tsflow/core';
import { expect, test } from 'vitest';
import { PlayedDag } from '../support/played-dag.ts';

/** `a:success b:skipped`: what is to be, for the tasks that are named. */
const states = (text: string) =>
  Object.fromEntries(text.split(' ').map((pair) => pair.split(':') as [string, string]));

// biome-ignore format: a table
test.each([
  // what                                    dag                                                      ends                            states
  ['a branch skips what it did not choose',  'br branch -> a, b',                                     'br:chooses a',                 'a:success b:skipped'],
  ['a branch may choose several',            'br branch -> a, b, c',                                  'br:chooses a c',               'a:success b:skipped c:success'],
  ['a branch may choose none',               'br branch -> a, b',                                     'br:chooses',                   'a:skipped b:skipped'],
  ['a branch may choose a group',            'br branch -> g.a, g.b, c',                              'br:chooses g',                 'g.a:success g.b:success c:skipped'],
  ['reachable through a chosen one: kept',   'br branch -> a, join; a -> join',                       'br:chooses a',                 'a:success join:success'],
  ['the other way round: a is skipped',      'br branch -> a, join; a -> join none_failed',           'br:chooses join',              'a:skipped join:success'],
  ['a skip travels with all_success',        'br branch -> a, b; a, b -> join',                       'br:chooses a',                 'b:skipped join:skipped'],
  ['the usual join after a branch',          'br branch -> a, b; a, b -> join none_failed_min_one_success', 'br:chooses a',           'b:skipped join:success'],
  ['the same, when what was chosen fails',   'br branch -> a, b; a, b -> join none_failed_min_one_success', 'br:chooses a a:failed',  'b:skipped join:upstream_failed'],
  ['an id that is not downstream fails it',  'br branch retries=3 -> a -> b',                         'br:chooses b',                 'br:failed a:upstream_failed'],
])('%s', (_what, dag, ends, expected) => {
  expect(new PlayedDag(dag).run().play(ends).states).toMatchObject(states(expected));
});

test('the decision is stored: a skipped task that is cleared is skipped again, clearing the branch decides anew', () => {
  const run = new PlayedDag('br branch -> a, b').run().play('br:chooses a');
  expect(run.clear({ taskIds: ['b'] }).play().states).toMatchObject({
    br: 'success',
    a: 'success',
    b: 'skipped',
  });
  expect(run.clear({ taskIds: ['br'], downstream: true }).play('br:chooses b').states).toMatchObject({
    a: 'skipped',
    b: 'success',
  });
});

// biome-ignore format: a table
test.each([
  // the newest decision is the one that counts for a task that is cleared; what has ended by an older one stays until somebody clears it
  // what                                        dag                                        first             then: clear > ends, one after the other         states
  ['the branch alone: nothing else changes',     'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses b'],                         'a:success b:skipped'],
  ['what it chooses now runs when cleared',      'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses b', 'b >'],                  'a:success b:success'],
  ['what it skips now is skipped when cleared',  'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses b', 'a >'],                  'a:skipped b:skipped'],
  ['both',                                       'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses b', 'a b >'],                'a:skipped b:success'],
  ['and a third time',                           'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses b', 'br > br:chooses a', 'a b >'], 'a:success b:skipped'],
  ['the same decision again',                    'br branch -> a, b',                       'br:chooses a',   ['br > br:chooses a', 'b >'],                  'a:success b:skipped'],
  ['cleared before the branch decides anew',     'br branch -> a, b',                       'br:chooses a',   ['br b > br:chooses b'],                       'a:success b:success'],
  ['two branches: one still says no',            'b1 branch, b2 branch -> a, b',            'b1:chooses a b2:chooses a', ['b1 > b1:chooses b', 'b >'],       'a:success b:skipped'],
  ['two branches: neither does',                 'b1 branch, b2 branch -> a, b',            'b1:chooses a b2:chooses a', ['b1 > b1:chooses b', 'b2 > b2:chooses b', 'b >'], 'a:success b:success'],
  ['a short-circuit that goes on now',           'sc short_circuit -> a -> b',              'sc:stops',       ['sc > sc:goes on', 'a b >'],                  'a:success b:success'],
  ['one that stops now',                         'sc short_circuit -> a -> b',              'sc:goes on',     ['sc > sc:stops', 'b >'],                      'a:success b:skipped'],
])('a decision that is made anew: %s', (_what, dag, first, then, expected) => {
  const run = new PlayedDag(dag).run().play(first);
  for (const step of then) {
    const [tasks, ends] = step.split('>') as [string, string];
    run.clear({ taskIds: tasks.trim().split(' ') }).play(ends.trim());
  }
  expect(run.states).toMatchObject(states(expected));
});

test('a task whose rule does not wait for the branch runs while that is to decide anew', () => {
  const run = new PlayedDag('br branch -> a, b one_success; c -> b').run().play('br:chooses a');
  expect(run.states.b).toBe('skipped');
  run.clear({ taskIds: ['br'] });
  expect(run.clear({ taskIds: ['b'] }).play('b:success br:chooses a').states.b).toBe('success');
});

test('a branch that fails and is tried again decides by its last try alone', () => {
  const run = new PlayedDag('br branch retries=1 -> a, b').run().play('br:failed br:chooses b');
  expect(run.states).toEqual({ br: 'success', a: 'skipped', b: 'success' });
});

test('what is no task and no group is refused while the file is loaded', () => {
  const body = () => {
    task('a', () => 1);
    // As somebody writes it who comes from Airflow, in JavaScript.
    branch('br', () => 'a' as never, { a: 'a' } as never);
  };
  expect(() => new DAG({ dagId: 'd' }, body)).toThrow(/^Branch "br" chooses among tasks and groups.*got "a"/);
});
