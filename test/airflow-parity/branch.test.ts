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
