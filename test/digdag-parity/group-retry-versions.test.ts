import { branch, chain, DAG, type GroupOptions, group, task } from '@tsflow/core';
import { buildDagGraph } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** A clear moves a run to the newest version, in which a group may have other retries, or none: what was decided stays decided. */

const step = (id: string) => task(id, () => 1);

describe('a run that takes another version, in which', () => {
  const versionOf = (body: () => void) => buildDagGraph(serializeDag(new DAG({ dagId: 'd' }, body)), 'v2');
  const retry = { retries: 1, retryDelay: 60 };

  /** A group of a choice between x and y and of work, a task before it to clear, and another that keeps x waiting. */
  const choosing = (options: GroupOptions) => () => {
    const x = step('x');
    const y = step('y');
    step('c').before(x);
    const inside = () => {
      branch('b', (): 'x' | 'y' => 'y', { x, y });
      step('t');
    };
    chain(step('before'), group('g', inside, options));
  };
  const chooses = (world: CoreRun, ...chosen: string[]) =>
    world.finish('g.b', { kind: 'success', xcoms: {}, decision: { kind: 'branch', chosen } });

  // biome-ignore format: a table
  it.each([
    // what the version does        from      to     before the clear   then        states of x and y
    ['the group has no retries',    retry,    {},    '',                'c g.t',    'skipped', 'scheduled'],  // decided, and not told yet
    ['the group has no retries',    retry,    {},    'c',               'g.t',      'skipped', 'scheduled'],
    ['the group has retries',       {},       retry, '',                'c g.t',    'skipped', 'scheduled'],
    ['nothing changes',             retry,    retry, '',                'c g.t',    'skipped', 'scheduled'],
  ] as const)('%s: what a branch in it decided holds (%#)', (_what, from, to, ends, then, x, y) => {
    const world = CoreRun.of(choosing(from));
    world.play('before');
    chooses(world, 'y');
    world.play(ends);
    world.clear({ taskIds: ['before'] }, versionOf(choosing(to)));
    world.play(`before ${then}`);
    expect(world.states).toMatchObject({ x, y });
    // Kept with the run, not only done: a clear of the task alone does not undo it.
    world.clear({ taskIds: ['x'] }, versionOf(choosing(to)));
    expect(world.states.x).toBe(x);
  });

  it('the group has retries, and begins again: a branch in it that decides anew is heard', () => {
    const world = CoreRun.of(choosing({}));
    world.play('before');
    chooses(world, 'y');
    world.clear({ taskIds: ['before'] }, versionOf(choosing(retry)));
    world.play('before g.t! ~');
    chooses(world, 'x', 'y');
    world.play('g.t');
    world.clear({ taskIds: ['x'] }, versionOf(choosing(retry)));
    world.play('c');
    expect(world.states.x).toBe('scheduled');
  });

  // biome-ignore format: a table
  it.each([
    // what the version does            retries of the outer, the inner   states when the time has come
    ['the outer group has no retries',  {},    retry,                     'before:success o.i.a:scheduled'],                    // the inner one begins again, as it was to
    ['the inner group has no retries',  retry, {},                        'before:success o.i.a:success o.i.b:scheduled'],      // what failed is tried again alone
    ['neither has',                     {},    {},                        'before:success o.i.a:success o.i.b:scheduled'],
  ] as const)('%s, while the inner one waits to begin again', (_what, outer, inner, states) => {
    const nested = (of: GroupOptions, within: GroupOptions) => () => {
      const o = group('o', () => void group('i', () => void chain(step('a'), step('b')), within), of);
      chain(step('before'), o);
    };
    const world = CoreRun.of(nested(retry, retry));
    world.play('before o.i.a o.i.b!');
    world.clear({ taskIds: ['before'] }, versionOf(nested(outer, inner)));
    world.play('before ~');
    expect(world.line).toBe(states);
  });
});
