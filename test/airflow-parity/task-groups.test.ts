import { chain, DAG, group, task } from '@tsflow/core';
import { failsForGood, returns, runDag, skips } from '@tsflow/testing';
import { describe, expect, test } from 'vitest';

/** Edges of groups: from a group's leaves that are no teardowns, to its roots; nested groups; what a group passes on to its tasks. */

const step = (taskId: string) => task(taskId, () => taskId);

/** load { read -> [clean, check] } -> publish { [mail, page] }, each in a group of its own. */
const twoGroups = () =>
  new DAG({ dagId: 'two_groups' }, () => {
    const load = group('load', () => chain(step('read'), [step('clean'), step('check')]));
    const publish = group('publish', () => {
      step('mail');
      step('page');
    });
    chain(step('start'), load, publish, step('end'));
  });

const PUBLISH = ['publish.mail', 'publish.page'];

// biome-ignore format: a table
test.each([
  // what ends otherwise                          what comes after
  [{},                                            { 'publish.mail': 'success', 'publish.page': 'success', end: 'success' }],
  [{ 'load.clean': failsForGood() },              { 'load.check': 'success', 'publish.mail': 'upstream_failed', 'publish.page': 'upstream_failed', end: 'upstream_failed' }],
  [{ 'load.clean': skips() },                     { 'publish.mail': 'skipped', 'publish.page': 'skipped', end: 'skipped' }],
  [{ 'load.read': failsForGood() },               { 'load.clean': 'upstream_failed', 'load.check': 'upstream_failed', 'publish.mail': 'upstream_failed' }],
  [{ 'publish.mail': failsForGood() },            { 'publish.page': 'success', end: 'upstream_failed' }],
  [{ start: failsForGood() },                     { 'load.read': 'upstream_failed', end: 'upstream_failed' }],
] as const)('group -> group with %o', async (tasks, states) => {
  (await runDag(twoGroups(), { tasks })).assertStates(states);
});

test('group -> group: nothing of the second begins before all of the first has ended', async () => {
  const { order } = (await runDag(twoGroups())).assertSucceeded();
  const first = Math.min(...PUBLISH.map((id) => order.indexOf(id)));
  const last = Math.max(...['load.clean', 'load.check'].map((id) => order.indexOf(id)));
  expect([order[0], order[1], last < first, order.at(-1)]).toEqual(['start', 'load.read', true, 'end']);
});

// biome-ignore format: a table
test.each([
  // what fails in the cluster                  what comes after the group
  [{},                                          'success'],
  [{ 'cluster.delete': failsForGood() },        'success'],          // a teardown is no leaf
  [{ 'cluster.work': failsForGood() },          'upstream_failed'],
  [{ 'cluster.create': failsForGood() },        'upstream_failed'],
] as const)('a group with a teardown: after %o comes %s', async (tasks, after) => {
  const dag = new DAG({ dagId: 'clusters' }, () => {
    const cluster = group('cluster', () => {
      const create = step('create');
      chain(create, step('work'), step('delete').asTeardown({ setups: create }));
    });
    chain(cluster, step('after'));
  });
  (await runDag(dag, { tasks })).assertStates({ after });
});

describe('groups in groups', () => {
  /** outer { first { a -> b } -> second { c }, beside } -> end */
  const nested = () =>
    new DAG({ dagId: 'nested' }, () => {
      const outer = group('outer', () => {
        const first = group('first', () => chain(step('a'), step('b')));
        const second = group('second', () => step('c'));
        chain(first, second);
        step('beside');
      });
      chain(step('start'), outer, step('end'));
    });

  test('an id has the ids of all groups around it', async () => {
    expect(Object.keys((await runDag(nested())).states).sort()).toEqual([
      'end',
      'outer.beside',
      'outer.first.a',
      'outer.first.b',
      'outer.second.c',
      'start',
    ]);
  });

  // biome-ignore format: a table
  test.each([
    // what ends otherwise                     states
    [{},                                       { 'outer.second.c': 'success', end: 'success' }],
    [{ 'outer.first.b': failsForGood() },      { 'outer.second.c': 'upstream_failed', 'outer.beside': 'success', end: 'upstream_failed' }],
    [{ 'outer.beside': failsForGood() },       { 'outer.second.c': 'success', end: 'upstream_failed' }],   // both are leaves of outer
    [{ start: skips() },                       { 'outer.first.a': 'skipped', 'outer.beside': 'skipped', end: 'skipped' }],
  ] as const)('%o', async (tasks, states) => {
    (await runDag(nested(), { tasks })).assertStates(states);
  });
});

test('the same task id in two groups, and outside of them', async () => {
  const dag = new DAG({ dagId: 'same' }, () => {
    for (const id of ['one', 'two']) group(id, () => step('load'));
    step('load');
  });
  const run = (
    await runDag(dag, { tasks: { 'one.load': returns(1), 'two.load': returns(2) } })
  ).assertSucceeded();
  expect(['load', 'one.load', 'two.load'].map((id) => run.output(id))).toEqual(['load', 1, 2]);
});
