import { expandGroup, task } from '@tsflow/core';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

describe('a task that was decided before the groups around it had their lists', () => {
  it('does not keep the others from theirs', () => {
    const world = CoreRun.of(() => {
      const gate = task('gate', () => 1);
      const outer = task('outer', (): number[] => []);
      const inner = task('inner', (): number[] => []);
      expandGroup('g', { n: outer.output }, () => {
        expandGroup('h', { m: inner.output }, () => {
          const early = task('early', () => 1);
          gate.before(early);
          early.before(task('late', () => 1, {}, { triggerRule: 'all_done' }));
        });
      });
    });
    world.fail('gate');
    world.end('outer', [1, 2]);
    world.end('inner', [1]);
    expect(world.states).toMatchObject({
      'g.h.early': 'upstream_failed',
      'g.h.late [0.0]': 'scheduled',
      'g.h.late [1.0]': 'scheduled',
    });
  });
});
