import { DAG, expand, TaskFailed, task } from '@tsflow/core';
import { runDag } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** extract -> load, mapped over it -> report. */
const etl = () => {
  const extract = task('extract', (): number[] => []);
  const load = task('load', (_context, { n }) => n, { n: expand(extract.output) });
  task('report', (_context, { all }) => all.length, { all: load.output });
};

describe('clearing one index', () => {
  it('runs that one only', () => {
    const world = CoreRun.of(etl);
    world.end('extract', [1, 2, 3, 4, 5]);
    for (const i of [0, 1, 3, 4]) world.end(`load [${i}]`, i);
    world.fail('load [2]');
    expect(world.states.report).toBe('upstream_failed');
    world.clear({ taskIds: ['load'], mapPath: '2', downstream: true });
    expect(world.states).toMatchObject({ 'load [2]': 'scheduled', 'load [1]': 'success', report: 'none' });
    expect(world.instance('load [1]').tryNumber).toBe(1);
    world.end('load [2]', 2);
    world.end('report');
    expect(world.run.state).toBe('success');
  });

  it('refuses an index that is not there, naming it', () => {
    const world = CoreRun.of(etl);
    world.end('extract', [1]);
    expect(() => world.clear({ taskIds: ['load'], mapPath: '7' })).toThrow('Map index of load');
  });
});

// biome-ignore format: a table
test.each([
  // what                               its first tries that fail   states of the three                   tries      the reducer         what it gets
  ['is tried again alone',              1,                          ['success', 'success', 'success'],    [1, 2, 1], 'success',          [10, 20, 30]],
  ['is tried as often as it may',       2,                          ['success', 'success', 'success'],    [1, 3, 1], 'success',          [10, 20, 30]],
  ['fails alone when it may no more',   3,                          ['success', 'failed', 'success'],     [1, 3, 1], 'upstream_failed',  null],
  ['fails alone for good',              'for good',                 ['success', 'failed', 'success'],     [1, 1, 1], 'upstream_failed',  null],
] as const)('one index %s', async (_what, failing, states, tries, reduced, values) => {
  const dag = new DAG({ dagId: 'd', defaultArgs: { retries: 2, retryDelay: '1m' } }, () => {
    const load = task(
      'load',
      ({ tryNumber }, { n }) => {
        if (n === 2 && failing === 'for good') throw new TaskFailed('no');
        if (n === 2 && failing !== 'for good' && tryNumber <= failing) throw new Error('no');
        return n * 10;
      },
      { n: expand([1, 2, 3]) },
    );
    task('report', (_context, { all }) => all, { all: load.output });
  });
  const run = await runDag(dag);
  const ids = ['load[0]', 'load[1]', 'load[2]'];
  expect(ids.map((id) => run.states[id])).toEqual(states);
  expect(ids.map((id) => run.tries[id])).toEqual(tries);
  expect([run.states.report, run.output('report')]).toEqual([reduced, values]);
});
