import { DAG, expand, TaskFailed, task } from '@tsflow/core';
import { buildDagGraph } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { startDag } from '@tsflow/testing';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** extract -> load, mapped over it -> report. */
const etl = () => {
  const extract = task('extract', (): number[] => []);
  const load = task('load', (_context, { n }) => n, { n: expand(extract.output) });
  task('report', (_context, { all }) => all.length, { all: load.output });
};

describe('a list of another length the second time', () => {
  it('shrinks: what is no more is removed, and does not count', () => {
    const world = CoreRun.of(etl);
    world.end('extract', [1, 2, 3]);
    for (const i of [0, 1, 2]) world.end(`load [${i}]`, i);
    world.end('report');
    world.clear({ taskIds: ['extract'], downstream: true });
    world.end('extract', [1]);
    expect(world.states).toMatchObject({
      'load [0]': 'scheduled',
      'load [1]': 'removed',
      'load [2]': 'removed',
    });
    world.end('load [0]', 1);
    world.end('report');
    expect(world.run.state).toBe('success');
  });

  it('grows again: what was removed is restored, with its history', () => {
    const world = CoreRun.of(etl);
    world.end('extract', [1, 2]);
    for (const i of [0, 1]) world.end(`load [${i}]`, i);
    world.end('report');
    world.clear({ taskIds: ['extract'], downstream: true });
    world.end('extract', [1]);
    world.end('load [0]', 1);
    world.end('report');
    world.clear({ taskIds: ['extract'], downstream: true });
    world.end('extract', [1, 2, 3]);
    expect(world.states).toMatchObject({
      'load [0]': 'scheduled',
      'load [1]': 'scheduled',
      'load [2]': 'scheduled',
    });
    expect([0, 1, 2].map((i) => world.instance(`load [${i}]`).tryNumber)).toEqual([3, 2, 1]);
  });

  it('grows again: what is restored has all of its tries, as if it were new', () => {
    const world = CoreRun.of(() => {
      const extract = task('extract', (): number[] => []);
      task('load', (_context, { n }) => n, { n: expand(extract.output) }, { retries: 1 });
    });
    world.end('extract', [1, 2]);
    world.end('load [0]');
    world.begin('load [1]');
    world.gone('load [1]');
    world.end('load [1]');
    for (const list of [[1], [1, 2]]) {
      world.clear({ taskIds: ['extract'] });
      world.end('extract', list);
    }
    world.finish('load [1]', { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true });
    expect(world.states['load [1]']).toBe('up_for_retry');
    expect(world.instance('load [1]')).toMatchObject({ tryNumber: 2, infraNumber: 0 });
  });

  it('is empty, then is not', () => {
    const world = CoreRun.of(etl);
    world.end('extract', [1, 2]);
    for (const i of [0, 1]) world.end(`load [${i}]`, i);
    world.end('report');
    world.clear({ taskIds: ['extract'], downstream: true });
    world.end('extract', []);
    expect(world.states).toMatchObject({
      load: 'skipped',
      'load [0]': 'removed',
      'load [1]': 'removed',
      report: 'skipped',
    });
    world.clear({ taskIds: ['extract'], downstream: true });
    world.end('extract', [5]);
    expect(world.states).toMatchObject({
      load: 'removed',
      'load [0]': 'scheduled',
      'load [1]': 'removed',
      report: 'none',
    });
  });

  it('stands in the file of a newer version', () => {
    const version = (items: readonly number[]) =>
      serializeDag(new DAG({ dagId: 'd' }, () => void task('t', () => 1, { n: expand(items) })));
    const world = new CoreRun(version([1, 2]));
    world.end('t [0]');
    world.fail('t [1]');
    world.clear({ taskIds: ['t'], mapPath: '1' }, buildDagGraph(version([1, 2, 3]), 'v2'));
    expect(world.states).toEqual({ 't [0]': 'success', 't [1]': 'scheduled', 't [2]': 'scheduled' });
  });

  it('is no list any more: the task is not mapped in a newer version', () => {
    const version = (mapped: boolean) =>
      serializeDag(
        new DAG({ dagId: 'd' }, () => void task('t', () => 1, { n: mapped ? expand([1, 2]) : 1 })),
      );
    const world = new CoreRun(version(true));
    world.end('t [0]');
    world.fail('t [1]');
    world.clear({}, buildDagGraph(version(false), 'v2'));
    expect(world.states).toEqual({ t: 'scheduled' });
  });
});

// biome-ignore format: a table
it.each([
  ['dependsOnPast',     'each', { dependsOnPast: true }],
  ['waitForDownstream', 'list', { waitForDownstream: true }],
] as const)('holds up the next run no more, which waited for it by %s', async (_what, waiting, past) => {
  let items = [0, 1];
  const dag = new DAG({ dagId: 'd', schedule: '@daily', startDate: '2026-01-01', catchup: true, maxActiveRuns: 2 }, () => {
    const list = task('list', () => items, {}, waiting === 'list' ? past : {});
    const call = (_context: unknown, { n }: { n: number }) => {
      if (n > 0 && items.length > 1) throw new TaskFailed('no');
      return n;
    };
    task('each', call, { n: expand(list.output) }, waiting === 'each' ? past : {});
    // Nothing of the run ends meanwhile that could wake it.
    task('open', ({ sleep }) => sleep('30d'));
  });
  await using test = await startDag(dag, { now: '2026-01-03', schedule: true });
  await test.advance('1h');
  const [first, second] = await test.runs();
  expect(second!.states).toMatchObject({ [waiting === 'each' ? 'each[0]' : 'list']: 'none' });
  items = [0];
  await test.ask({ kind: 'clear', payload: { runId: first!.runId, taskIds: ['list'] } });
  await test.advance('1h');
  expect((await test.runs())[0]!.states).toMatchObject({ 'each[0]': 'success', 'each[1]': 'removed' });
  expect((await test.runs())[1]!.states).toMatchObject({ list: 'success', 'each[0]': 'success' });
});
