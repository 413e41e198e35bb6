import { chain, group, task } from '@tsflow/core';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** What was set up in a group is taken down before the group begins again. */

const step = (id: string) => task(id, () => 1);

describe('setups and teardowns in a group that begins again', () => {
  const cluster = () => {
    const g = group(
      'g',
      () => {
        const create = step('create').asSetup();
        const work = step('work');
        const remove = step('remove').asTeardown({ setups: create });
        chain(create, work, remove);
      },
      { retries: 1, retryDelay: 5 },
    );
    g.before(step('after'));
  };

  it('takes down what was set up before it sets it up again', () => {
    const world = CoreRun.of(cluster);
    world.play('g.create g.work!');
    expect(world.line).toBe('g.create:success g.work:up_for_retry g.remove:scheduled');
    world.pass();
    expect(world.states['g.create']).toBe('success');
    world.play('g.remove');
    expect(world.line).toBe('g.create:scheduled');
    world.play('g.create g.work g.remove after');
    expect(world.run.state).toBe('success');
    expect(world.instance('g.remove').tryNumber).toBe(2);
  });

  it('has nothing to take down when its setup failed', () => {
    const world = CoreRun.of(cluster);
    world.play('g.create!');
    expect(world.line).toBe('g.create:up_for_retry');
    world.play('~');
    expect(world.line).toBe('g.create:scheduled');
  });

  it('begins again even when the teardown fails', () => {
    const world = CoreRun.of(cluster);
    world.play('g.create g.work! g.remove! ~');
    expect(world.line).toBe('g.create:scheduled');
  });

  it('is not made to begin again by a teardown, unless that decides about the run', () => {
    const world = CoreRun.of(cluster);
    world.play('g.create g.work g.remove!');
    expect(world.line).toBe('g.create:success g.work:success g.remove:failed after:scheduled');
  });

  it('leaves a teardown outside of it for the end', () => {
    const world = CoreRun.of(() => {
      const create = step('create').asSetup();
      const g = group('g', () => void step('work'), { retries: 1 });
      chain(create, g, step('remove').asTeardown({ setups: create }));
    });
    world.play('create g.work!');
    expect(world.line).toBe('create:success g.work:up_for_retry');
    world.play('~ g.work!');
    expect(world.line).toBe('create:success g.work:failed remove:scheduled');
  });
});
