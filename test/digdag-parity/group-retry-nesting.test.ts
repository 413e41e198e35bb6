import { chain, expand, expandGroup, group, task } from '@tsflow/core';
import { instancesOf } from '@tsflow/core/rules';
import { describe, expect, it, test } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** Groups that begin again in groups, and for each map index on their own. */

const step = (id: string) => task(id, () => 1);

describe('groups in groups', () => {
  const nested = () => {
    group(
      'o',
      () => {
        const before = step('before');
        const i = group('i', () => void chain(step('a'), step('b')), { retries: 1 });
        chain(before, i, step('after'));
      },
      { retries: 1 },
    ).before(step('end'));
  };

  // biome-ignore format: a table
  it.each([
    // what ends                                                                  states
    ['o.before o.i.a o.i.b!',                                                     'o.before:success o.i.a:success o.i.b:up_for_retry'],
    ['o.before o.i.a o.i.b! ~',                                                   'o.before:success o.i.a:scheduled'],                     // the inner one first
    ['o.before o.i.a! ~ o.i.a!',                                                  'o.before:success o.i.a:up_for_retry'],                  // then the outer one
    ['o.before o.i.a! ~ o.i.a! ~',                                                'o.before:scheduled'],
    ['o.before o.i.a! ~ o.i.a! ~ o.before o.i.a! ~',                              'o.before:success o.i.a:scheduled'],                     // the inner one has its retries again
    ['o.before o.i.a! ~ o.i.a! ~ o.before o.i.a! ~ o.i.a!',                       'o.before:success o.i.a:failed o.i.b:upstream_failed o.after:upstream_failed end:upstream_failed'],
    ['o.before o.i.a o.i.b o.after! ~',                                           'o.before:scheduled'],
    ['o.before o.i.a o.i.b o.after! ~ o.before o.i.a o.i.b! ~ o.i.a o.i.b o.after end', 'o.before:success o.i.a:success o.i.b:success o.after:success end:success'],
  ])('%s: %s', (ends, states) => {
    const world = CoreRun.of(nested);
    world.play(ends);
    expect(world.line).toBe(states);
  });

  it('begins the outer one again while the inner one is about to', () => {
    const world = CoreRun.of(() => {
      group(
        'o',
        () => {
          step('x');
          group('i', () => void step('a'), { retries: 3, retryDelay: 1_000 });
        },
        { retries: 1, retryDelay: 1 },
      );
    });
    world.fail('o.i.a');
    world.fail('o.x');
    expect(world.line).toBe('o.x:up_for_retry');
    world.pass();
    expect(world.line).toBe('o.x:scheduled o.i.a:scheduled');
  });
});

describe('a mapped group', () => {
  const mapped = () => {
    const list = task('list', (): number[] => []);
    const g = expandGroup(
      'g',
      { n: list.output },
      ({ n }) =>
        void chain(
          task('a', (_context, inputs) => inputs.n, { n }),
          step('b'),
        ),
      { retries: 1 },
    );
    g.before(step('after'));
  };

  // biome-ignore format: a table
  it.each([
    // what ends                                                                          states
    ['g.a[0] g.a[1] g.b[1]!',                                                             'g.a[0]:success g.a[1]:success g.b[0]:scheduled g.b[1]:up_for_retry'],
    ['g.a[0] g.a[1] g.b[1]! ~',                                                           'g.a[0]:success g.a[1]:scheduled g.b[0]:scheduled'],            // that index alone
    ['g.a[0]! g.a[1]! ~ ~',                                                               'g.a[0]:scheduled g.a[1]:scheduled'],                           // each counts its own
    ['g.a[0]! ~ g.a[0]! g.a[1]! ~ g.a[1] g.b[1]',                                         'g.a[0]:failed g.a[1]:success g.b[0]:upstream_failed g.b[1]:success after:upstream_failed'],
    ['g.a[0] g.b[0] g.a[1]! ~ g.a[1] g.b[1] after',                                       'g.a[0]:success g.a[1]:success g.b[0]:success g.b[1]:success after:success'],
  ])('%s: %s', (ends, states) => {
    const world = CoreRun.of(mapped);
    world.end('list', [7, 8]);
    world.play(ends);
    expect(world.line).toBe(`list:success ${states}`);
  });

  it('holds mapped tasks, whose list may be another the second time', () => {
    const world = CoreRun.of(() => {
      const g = group(
        'g',
        () => {
          const list = task('list', (): number[] => []);
          const each = task('each', (_context, { n }) => n, { n: expand(list.output) });
          return task('sum', (_context, { all }) => all.length, { all: each.output });
        },
        { retries: 1 },
      );
      g.before(step('after'));
    });
    world.end('g.list', [1, 2, 3]);
    world.play('g.each[0] g.each[2]!');
    expect(world.states).toMatchObject({ 'g.each [0]': 'success', 'g.each [1]': 'none', 'g.sum': 'none' });
    world.pass();
    expect(world.line).toBe('g.list:scheduled');
    world.end('g.list', [1]);
    expect(world.line).toBe('g.list:success g.each[0]:scheduled g.each[1]:removed g.each[2]:removed');
    world.play('g.each[0] g.sum after');
    expect(world.run.state).toBe('success');
  });
});

test('a group that waits for its next try costs the ends of others nothing', () => {
  const world = CoreRun.of(() => {
    expandGroup(
      'g',
      { n: Array.from({ length: 200 }, (_, n) => n) },
      ({ n }) => void task('call', (_context, inputs) => inputs.n, { n }).before(step('note')),
      { retries: 1, retryDelay: 60 },
    );
  });
  const looks = countLooks(world);
  const perFailure = Array.from({ length: 200 }, (_, n) => {
    const before = looks.count;
    world.fail(`g.call [${n}]`);
    return looks.count - before;
  });
  expect(world.states['g.call [199]']).toBe('up_for_retry');
  expect(Math.max(...perFailure)).toBe(perFailure[0]);
});

/** Counts how often it is looked which groups an instance stands in: each walk over the members of one does. */
function countLooks(world: CoreRun): { count: number } {
  const looks = { count: 0 };
  for (const instance of instancesOf(world.run)) {
    const { groups } = instance;
    Object.defineProperty(instance, 'groups', {
      get() {
        looks.count += 1;
        return groups;
      },
    });
  }
  return looks;
}
