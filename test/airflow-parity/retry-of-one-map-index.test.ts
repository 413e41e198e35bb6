import { DAG, expand, task } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

const run = (body: () => void) => new CoreRun(serializeDag(new DAG({ dagId: 'd' }, body)));

/** extract -> load, mapped over it -> report. */
const etl = () => {
  const extract = task('extract', (): number[] => []);
  const load = task('load', (_context, { n }) => n, { n: expand(extract.output) });
  task('report', (_context, { all }) => all.length, { all: load.output });
};

describe('clearing one index', () => {
  it('runs that one only', () => {
    const world = run(etl);
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
    const world = run(etl);
    world.end('extract', [1]);
    expect(() => world.clear({ taskIds: ['load'], mapPath: '7' })).toThrow('Map index of load');
  });
});
