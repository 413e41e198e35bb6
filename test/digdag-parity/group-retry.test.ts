import { chain, DAG, EmptyOperator, type GroupOptions, group, task } from '@tsflow/core';
import { buildDagGraph } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it, test } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** A group that is tried again as a whole: when, how often, from where, and what a person may do about it. */

const step = (id: string) => task(id, () => 1);

/** before -> g (a -> b, c) -> after, where g is tried again. */
const etl = (options: GroupOptions) => () => {
  const g = group(
    'g',
    () => {
      const a = step('a');
      chain(a, [step('b'), step('c')]);
    },
    options,
  );
  chain(step('before'), g, step('after'));
};

describe('a group with retries', () => {
  // biome-ignore format: a table
  it.each([
    // retries  what ends                                             states
    [1, 'before g.a!',                                                'before:success g.a:up_for_retry'],
    [1, 'before g.a! ~',                                              'before:success g.a:scheduled'],
    [1, 'before g.a g.b!',                                            'before:success g.a:success g.b:up_for_retry'],
    [1, 'before g.a g.c g.b! ~',                                      'before:success g.a:scheduled'],                     // from its first task, what succeeded too
    [1, 'before g.a g.c g.b! ~ g.a g.b g.c',                          'before:success g.a:success g.b:success g.c:success after:scheduled'],
    [1, 'before g.a g.b! ~ g.a g.b!',                                 'before:success g.a:success g.b:failed g.c:scheduled'], // no retry is left
    [1, 'before g.a g.b! ~ g.a g.b! g.c',                             'before:success g.a:success g.b:failed g.c:success after:upstream_failed'],
    [2, 'before g.a g.b! ~ g.a g.b! ~ g.a g.b g.c after',             'before:success g.a:success g.b:success g.c:success after:success'],
    [1, 'before g.a g.b? g.c! ~ g.a g.b g.c after',                   'before:success g.a:success g.b:success g.c:success after:success'], // a skip is undone
    [0, 'before g.a g.b!',                                            'before:success g.a:success g.b:failed g.c:scheduled after:upstream_failed'],
    [1, 'before!',                                                    'before:failed g.a:upstream_failed g.b:upstream_failed g.c:upstream_failed after:upstream_failed'], // not of the group
  ] as const)('retries %i, %s: %s', (retries, ends, states) => {
    const world = CoreRun.of(etl({ retries }));
    world.play(ends);
    expect(world.line).toBe(states);
  });

  // biome-ignore format: a table
  it.each([
    // options                                                                      waits, in ms
    [{ retries: 1 },                                                                [300_000]],          // the default of tasks
    [{ retries: 3, retryDelay: 10 },                                                [10_000, 10_000, 10_000]],
    [{ retries: 3, retryDelay: 10, retryExponentialBackoff: true },                 [10_000, 20_000, 40_000]],
    [{ retries: 3, retryDelay: 10, retryExponentialBackoff: 3, maxRetryDelay: 50 }, [10_000, 30_000, 50_000]],
  ] as const)('%j waits %j between its tries', (options, waits) => {
    const world = CoreRun.of(etl(options));
    world.end('before');
    const waited = waits.map(() => {
      world.fail('g.a');
      const { nextAt, endDate } = world.instance('g.a');
      world.pass();
      return nextAt! - endDate!;
    });
    expect(waited).toEqual(waits);
    world.fail('g.a');
    expect(world.run.state).toBe('failed');
  });

  it('gives its tasks their own retries anew, which come first', () => {
    const world = CoreRun.of(() => {
      group('g', () => void step('a'), { retries: 1, defaultArgs: { retries: 1 } });
    });
    const tries: number[] = [];
    const failOnce = () => {
      tries.push(world.instance('g.a').tryNumber);
      world.finish('g.a', { kind: 'failed', error: { name: 'Error', message: 'no' }, retryable: true });
    };
    failOnce();
    expect(world.events.map(({ type }) => type)).not.toContain('group_retry');
    world.pass();
    failOnce();
    expect(world.events.map(({ type }) => type)).toContain('group_retry');
    world.pass();
    failOnce();
    world.pass();
    failOnce();
    expect(tries).toEqual([1, 2, 3, 4]);
    expect(world.states).toEqual({ 'g.a': 'failed' });
  });

  it('ends what still runs in it first, and only then begins again, however short the delay', () => {
    const world = CoreRun.of(etl({ retries: 1, retryDelay: 0 }));
    world.play('before g.a');
    world.begin('g.c');
    world.fail('g.b');
    expect(world.line).toBe('before:success g.a:success g.b:up_for_retry g.c:restarting');
    world.pass();
    expect(world.states['g.a']).toBe('success');
    world.gone('g.c');
    expect(world.line).toBe('before:success g.a:scheduled');
  });

  it('begins again in the same turn when it has no delay and nothing else of it runs', () => {
    const world = CoreRun.of(etl({ retries: 1, retryDelay: 0 }));
    world.play('before g.a g.b!');
    expect(world.line).toBe('before:success g.a:scheduled');
    expect(world.reasons['g.b']).toBe('group g began again, try 2 of 2');
  });

  it('writes both events, with its numbers', () => {
    const world = CoreRun.of(etl({ retries: 1, retryDelay: 1 }));
    world.play('before g.a! ~');
    expect(
      world.events
        .filter(({ type }) => type.startsWith('group_'))
        .map(({ type, data }) => ({ type, ...data })),
    ).toEqual([
      {
        type: 'group_retry',
        groupId: 'g',
        mapPath: '',
        tryNumber: 1,
        maxTries: 1,
        reason: 'no',
        nextAt: expect.any(String),
      },
      { type: 'group_restarted', groupId: 'g', mapPath: '', tryNumber: 2, maxTries: 1 },
    ]);
  });
});

describe('a person', () => {
  const failing = () => {
    const world = CoreRun.of(etl({ retries: 1, retryDelay: 60 }));
    world.play('before g.a g.b!');
    return world;
  };

  it('clears the task that failed: the group goes on from it and does not begin again', () => {
    const world = failing();
    world.clear({ taskIds: ['g.b'] });
    expect(world.line).toBe('before:success g.a:success g.b:scheduled g.c:scheduled');
    world.play('g.b g.c after');
    expect(world.run.state).toBe('success');
    expect(world.instance('g.a').tryNumber).toBe(1);
  });

  it('clears the group: all of it runs again, with all of its retries', () => {
    const world = failing();
    world.play('~ g.a g.b! g.c');
    expect(world.run.state).toBe('failed');
    world.clear({ taskIds: ['g'], downstream: true });
    expect(world.line).toBe('before:success g.a:scheduled');
    world.play('g.a g.b!');
    expect(world.states['g.b']).toBe('up_for_retry');
    world.play('~ g.a g.b g.c after');
    expect(world.run.state).toBe('success');
  });

  it.each([
    ['success', 'before:success g.a:success g.b:success g.c:scheduled'],
    ['failed', 'before:success g.a:success g.b:failed g.c:scheduled'],
  ] as const)('marks it %s: the group does not begin again', (state, states) => {
    const world = failing();
    world.mark(['g.b'], state);
    expect(world.line).toBe(states);
    world.play('g.c');
    expect(world.states.after).toBe(state === 'success' ? 'scheduled' : 'upstream_failed');
  });

  it('kills it: it has failed, and the rest goes on', () => {
    const world = failing();
    world.kill(['g.b']);
    expect(world.line).toBe('before:success g.a:success g.b:failed g.c:scheduled');
  });

  it('kills a running task of the group: that is no failure that is tried again', () => {
    const world = CoreRun.of(etl({ retries: 1 }));
    world.play('before');
    world.begin('g.a');
    world.kill(['g.a']);
    world.gone('g.a');
    expect(world.states).toMatchObject({ 'g.a': 'failed', 'g.b': 'upstream_failed' });
    expect(world.run.state).toBe('failed');
  });
});

test('a run that takes another version while its group waits begins the group again once', () => {
  const world = CoreRun.of(etl({ retries: 1, retryDelay: 60 }));
  world.play('before g.a g.b!');
  const newest = serializeDag(new DAG({ dagId: 'd' }, etl({ retries: 1, retryDelay: 90 })));
  world.clear({ taskIds: ['before'] }, buildDagGraph(newest, 'v2'));
  world.play('before ~');
  expect(world.line).toBe('before:success g.a:scheduled');
  expect(world.events.filter(({ type }) => type === 'group_restarted')).toHaveLength(1);
});

test('a DAG that fails fast does so when its group has no retry left', () => {
  const world = CoreRun.of(
    () => {
      etl({ retries: 1 })();
      step('aside');
    },
    { failFast: true },
  );
  world.play('before g.a g.b!');
  expect(world.states.aside).toBe('scheduled');
  world.play('~ g.a g.b!');
  expect(world.states).toMatchObject({ 'g.b': 'failed', 'g.c': 'skipped', aside: 'skipped' });
  expect(world.run.state).toBe('failed');
});

test('tasks that do nothing begin again within the turn', () => {
  const world = CoreRun.of(() => {
    group(
      'g',
      () => {
        const start = new EmptyOperator({ taskId: 'start' });
        chain(start, step('work'), new EmptyOperator({ taskId: 'end' }));
      },
      { retries: 1 },
    ).before(step('after'));
  });
  world.play('g.work! ~ g.work');
  expect(world.line).toBe('g.start:success g.work:success g.end:success after:scheduled');
});

describe('why a task does not run', () => {
  const why = (world: CoreRun, name: string): string[] =>
    world
      .readiness(name)
      .filter(({ name: check, passed }) => !passed || check === 'group_retry')
      .filter(({ name: check }) => check === 'group_retry' || check === 'closed_groups')
      .map(({ reason }) => reason);

  it('says that its group begins again, when, and because of what', () => {
    const world = CoreRun.of(etl({ retries: 2, retryDelay: 60 }));
    world.play('before g.a g.b!');
    expect(why(world, 'g.c')).toEqual([
      expect.stringMatching(/^Its group g begins again in .*: g\.b failed in try 1 of 3\.$/),
    ]);
  });

  it('says which try of its group it is in', () => {
    const world = CoreRun.of(etl({ retries: 2 }));
    world.play('before g.a! ~');
    expect(why(world, 'g.b')).toEqual(['Its group g is in its try 2 of 3.']);
  });

  it('says that it waits for the whole group', () => {
    const world = CoreRun.of(etl({ retries: 1 }));
    world.play('before g.a g.b');
    expect(why(world, 'after')).toEqual([
      'No group around it begins again.',
      'It waits until all of these have ended, since they may begin again, or go round once more: group g: g.c (scheduled).',
    ]);
  });
});
