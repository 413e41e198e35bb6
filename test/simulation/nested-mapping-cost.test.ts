import { DAG, expandGroup, task } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** CPU milliseconds in which `outer` times five instances come to be, when the list of the inner group is known last. */
function cpuOfExpanding(outer: number): number {
  const world = new CoreRun(
    serializeDag(
      new DAG({ dagId: 'd' }, () => {
        const outerList = task('outer', (): number[] => []);
        const innerList = task('inner', (): number[] => []);
        expandGroup('g', { n: outerList.output }, () => {
          expandGroup('h', { m: innerList.output }, () => {
            const load = task('load', () => 1);
            load.before(task('check', () => 1));
          });
        });
      }),
    ),
    10_000,
  );
  world.end('outer', Array(outer).fill(0));
  const before = process.cpuUsage();
  world.end('inner', Array(5).fill(0));
  const { user, system } = process.cpuUsage(before);
  expect(Object.values(world.states).filter((state) => state === 'scheduled')).toHaveLength(outer * 5);
  return (user + system) / 1_000;
}

it('makes nested instances in a time that grows with their number, and not with its square', () => {
  cpuOfExpanding(500);
  const [small, large] = [cpuOfExpanding(1_000), cpuOfExpanding(4_000)];
  console.info(`5,000 pairs of instances: ${small.toFixed(0)} ms of CPU, 20,000: ${large.toFixed(0)} ms`);
  // Four times as many cost four times as much; by the square it would be sixteen.
  expect(large).toBeLessThan(10 * Math.max(small, 20));
});
