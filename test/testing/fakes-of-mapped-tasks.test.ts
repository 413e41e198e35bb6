import { DAG, expand, expandGroup, repeat } from '@tsflow/core';
import { fails, runDag } from '@tsflow/testing';
import { expect, it } from 'vitest';

/** A list within a list, and a loop within a list: instances of one task that have their last index in common. */
const nested = new DAG({ dagId: 'nested', defaultArgs: { retries: 1, retryDelay: '1m' } }, ({ task }) => {
  expandGroup('outer', { n: [10, 20] }, ({ n }) => {
    const parts = task('parts', (_context, { n }) => [n, n + 1], { n });
    task('load', ({ mapPath, mapIndex }, { part }) => [mapPath, mapIndex, part], {
      part: expand(parts.output),
    });
    repeat('again', 2, () => task('poll', ({ mapPath }) => mapPath));
  });
});

it('count the calls of each instance for itself, however deep it is mapped', async () => {
  const run = await runDag(nested, { tasks: { 'outer.load': fails(1), 'outer.again.poll': fails(1) } });
  expect(run.state).toBe('success');
  const mapped = Object.entries(run.tries).filter(([name]) => !name.startsWith('outer.parts'));
  expect(mapped.map(([name, tries]) => `${name} ${tries}`).sort()).toEqual([
    'outer.again.poll[0.0] 2',
    'outer.again.poll[0.1] 2',
    'outer.again.poll[1.0] 2',
    'outer.again.poll[1.1] 2',
    'outer.load[0.0] 2',
    'outer.load[0.1] 2',
    'outer.load[1.0] 2',
    'outer.load[1.1] 2',
  ]);
  expect(run.xcoms['outer.load[1.0]']?.return_value).toEqual(['1.0', 0, 20]);
});
