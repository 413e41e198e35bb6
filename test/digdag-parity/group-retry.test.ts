import {
  branch,
  chain,
  DAG,
  EmptyOperator,
  expand,
  expandGroup,
  type GroupOptions,
  group,
  shortCircuit,
  task,
} from '@tsflow/core';
import { buildDagGraph, explainReadiness, instancesOf, type ReadinessWorld } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it, test } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

const run = (body: () => void, failFast = false) =>
  new CoreRun(serializeDag(new DAG({ dagId: 'd', failFast }, body)));

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

/** Ends in order: `a` succeeds, `a!` fails; `~` lets the next waiting time come. */
function play(world: CoreRun, text: string): void {
  for (const word of text.split(' ').filter((one) => one !== '')) {
    if (word === '~') world.pass();
    else if (word.endsWith('!')) world.fail(nameOf(word.slice(0, -1)));
    else if (word.endsWith('?')) world.skip(nameOf(word.slice(0, -1)));
    else world.end(nameOf(word));
  }
}

/** `g.a` and `g.a[1]`, which has no blank in a table. */
const nameOf = (word: string): string => word.replace('[', ' [');

/** States as one line, what is `none` left out. */
const line = (world: CoreRun): string =>
  Object.entries(world.states)
    .filter(([, state]) => state !== 'none')
    .map(([name, state]) => `${name.replace(' ', '')}:${state}`)
    .join(' ');

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
    const world = run(etl({ retries }));
    play(world, ends);
    expect(line(world)).toBe(states);
  });

  // biome-ignore format: a table
  it.each([
    // options                                                                      waits, in ms
    [{ retries: 1 },                                                                [300_000]],          // the default of tasks
    [{ retries: 3, retryDelay: 10 },                                                [10_000, 10_000, 10_000]],
    [{ retries: 3, retryDelay: 10, retryExponentialBackoff: true },                 [10_000, 20_000, 40_000]],
    [{ retries: 3, retryDelay: 10, retryExponentialBackoff: 3, maxRetryDelay: 50 }, [10_000, 30_000, 50_000]],
  ] as const)('%j waits %j between its tries', (options, waits) => {
    const world = run(etl(options));
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
    const world = run(() => {
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
    const world = run(etl({ retries: 1, retryDelay: 0 }));
    play(world, 'before g.a');
    world.begin('g.c');
    world.fail('g.b');
    expect(line(world)).toBe('before:success g.a:success g.b:up_for_retry g.c:restarting');
    world.pass();
    expect(world.states['g.a']).toBe('success');
    world.gone('g.c');
    expect(line(world)).toBe('before:success g.a:scheduled');
  });

  it('begins again in the same turn when it has no delay and nothing else of it runs', () => {
    const world = run(etl({ retries: 1, retryDelay: 0 }));
    play(world, 'before g.a g.b!');
    expect(line(world)).toBe('before:success g.a:scheduled');
    expect(world.reasons['g.b']).toBe('group g began again, try 2 of 2');
  });

  it('writes both events, with its numbers', () => {
    const world = run(etl({ retries: 1, retryDelay: 1 }));
    play(world, 'before g.a! ~');
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

describe('what comes after a group with retries', () => {
  // biome-ignore format: a table
  it.each([
    // rule                            what ends                      state of after
    ['all_success',                    'g.a g.b!',                    'none'],
    ['all_success',                    'g.a g.b! ~ g.a g.b!',         'none'],              // c is still to end
    ['all_success',                    'g.a g.b! ~ g.a g.b! g.c',     'upstream_failed'],
    ['one_failed',                     'g.a g.b!',                    'none'],
    ['one_failed',                     'g.a g.b! ~ g.a g.b! g.c',     'scheduled'],
    ['all_done',                       'g.a g.b! ~ g.a g.b g.c',      'scheduled'],
    ['one_success',                    'g.a g.b',                     'none'],              // its success may be undone
    ['one_success',                    'g.a g.b g.c',                 'scheduled'],
    ['none_failed',                    'g.a g.b? g.c! ~ g.a g.b? g.c?', 'scheduled'],
  ] as const)('with the rule %s, after [%s]: %s', (triggerRule, ends, state) => {
    const world = run(() => {
      const g = group('g', () => void chain(step('a'), [step('b'), step('c')]), { retries: 1 });
      g.before(task('after', () => 1, {}, { triggerRule }));
    });
    play(world, ends);
    expect(world.states.after).toBe(state);
  });

  it('is skipped by a branch inside only when the group has ended, and not when it decides otherwise then', () => {
    const world = run(() => {
      const inside = () => {
        const choice = branch('choice', (): 'x' | 'y' => 'x', { x, y });
        choice.before(step('work'));
      };
      const x = step('x');
      const y = step('y');
      group('g', inside, { retries: 1 });
    });
    const choose = (chosen: string) =>
      world.finish('g.choice', {
        kind: 'success',
        xcoms: {},
        decision: { kind: 'branch', chosen: [chosen, 'g.work'] },
      });
    choose('x');
    expect(world.states).toMatchObject({ x: 'none', y: 'none' });
    play(world, 'g.work! ~');
    choose('y');
    play(world, 'g.work');
    expect(world.states).toMatchObject({ x: 'skipped', y: 'scheduled' });
  });

  it('is left alone by a short-circuit inside until the group has ended', () => {
    const world = run(() => {
      const g = group(
        'g',
        () => {
          shortCircuit('any', () => true);
          step('other');
        },
        { retries: 1 },
      );
      chain(g, step('after'), step('last'));
    });
    const decide = (proceed: boolean) =>
      world.finish('g.any', { kind: 'success', xcoms: {}, decision: { kind: 'short_circuit', proceed } });
    decide(false);
    expect(world.states).toMatchObject({ after: 'none', last: 'none' });
    play(world, 'g.other! ~');
    decide(true);
    play(world, 'g.other after last');
    expect(world.run.state).toBe('success');
  });

  it('is mapped over what the last try returned', () => {
    const world = run(() => {
      const list = group(
        'g',
        () => {
          const made = task('list', (): number[] => []);
          step('other');
          return made;
        },
        { retries: 1 },
      ).exports;
      task('each', (_context, { n }) => n, { n: expand(list.output) });
    });
    world.end('g.list', []);
    expect(world.states.each).toBe('none');
    play(world, 'g.other! ~');
    world.end('g.list', [1, 2]);
    play(world, 'g.other');
    expect(line(world)).toBe('g.list:success g.other:success each[0]:scheduled each[1]:scheduled');
  });
});

describe('a decision that leaves a group with retries', () => {
  const choose = (world: CoreRun, name: string, ...chosen: string[]) =>
    world.finish(name, { kind: 'success', xcoms: {}, decision: { kind: 'branch', chosen } });

  /** A group `g` of a choice and of work that is tried again, and the task that is chosen or not. */
  const groupOf = (id: string, x: ReturnType<typeof step>) =>
    group(
      id,
      () => {
        branch('b', (): 'x' => 'x', { x });
        step('t');
      },
      { retries: 1 },
    );

  it('is not taken back when the group begins again for another map index', () => {
    const world = run(() => {
      expandGroup('per', { n: [0, 1] }, () => void groupOf('g', step('x')));
    });
    choose(world, 'per.g.b [1]');
    play(world, 'per.g.t[0]! ~ per.g.t[1]');
    expect(world.states).toMatchObject({ 'per.x [0]': 'none', 'per.x [1]': 'skipped' });
  });

  it('stands for an index whose group has ended when another one begins again, also for what is outside of both', () => {
    const world = run(() => {
      const x = step('x');
      expandGroup('per', { n: [0, 1] }, () => void groupOf('g', x));
    });
    choose(world, 'per.g.b [0]');
    choose(world, 'per.g.b [1]');
    play(world, 'per.g.t[1]');
    expect(world.states.x).toBe('skipped');
    world.clear({ taskIds: ['x'] });
    play(world, 'per.g.t[0]! ~');
    choose(world, 'per.g.b [0]', 'x');
    play(world, 'per.g.t[0]');
    expect(world.states.x).toBe('skipped');
  });

  it('of one group is not taken back with that of another', () => {
    const world = run(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'all_done' });
      groupOf('one', x);
      groupOf('two', x);
    });
    choose(world, 'one.b');
    choose(world, 'two.b');
    play(world, 'two.t! ~');
    choose(world, 'two.b', 'x');
    play(world, 'one.t two.t');
    expect(world.states.x).toBe('skipped');
  });

  // biome-ignore format: a table
  it.each([
    // chosen in each try     x when c has ended, when the group has
    [[''],                    'none', 'skipped'],
    [['x'],                   'none', 'scheduled'],
    [['', 'x'],               'none', 'scheduled'],       // its second try chose otherwise
    [['x', ''],               'none', 'skipped'],
    [['', ''],                'none', 'skipped'],
  ] as const)('is waited for by what something else lets run: %j, %s, then %s', (tries, before, after) => {
    const world = run(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(x);
      groupOf('g', x);
    });
    for (const [index, chosen] of tries.entries()) {
      choose(world, 'g.b', ...(chosen === '' ? [] : [chosen]));
      if (index === 0) play(world, 'c');
      expect(world.states.x).toBe(before);
      play(world, index < tries.length - 1 ? 'g.t! ~' : 'g.t');
    }
    expect(world.states.x).toBe(after);
    world.clear({ taskIds: ['x'] });
    expect(world.states.x).toBe(after);
  });

  it('holds for every instance of what is mapped meanwhile', () => {
    const world = run(() => {
      const list = task('list', (): number[] => []);
      const x = task('x', (_context, { n }) => n, { n: expand(list.output) });
      group(
        'g',
        () => {
          branch('b', (): 'x' => 'x', { x });
          step('t');
        },
        { retries: 1 },
      );
    });
    choose(world, 'g.b');
    world.end('list', [1, 2]);
    play(world, 'g.t');
    expect(world.states).toMatchObject({ 'x [0]': 'skipped', 'x [1]': 'skipped' });
  });

  it('of a short-circuit reaches what lies behind what it waits for', () => {
    const world = run(() => {
      const y = task('y', () => 1, {}, { triggerRule: 'all_done' });
      const z = task('z', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(z);
      chain(
        group(
          'g',
          () =>
            void chain(
              shortCircuit('any', () => true),
              step('t'),
            ),
          { retries: 1 },
        ),
        y,
        z,
      );
    });
    world.finish('g.any', {
      kind: 'success',
      xcoms: {},
      decision: { kind: 'short_circuit', proceed: false },
    });
    play(world, 'c');
    expect(line(world)).toBe('c:success g.any:success g.t:skipped y:skipped z:skipped');
  });

  it('into the group stays when the group begins again', () => {
    const world = run(() => {
      const { a, t } = group('g', () => ({ a: step('a'), t: step('t') }), { retries: 1 }).exports;
      branch('b', (): 'a' | 't' => 't', { a, t });
    });
    choose(world, 'b', 'g.t');
    expect(world.states['g.a']).toBe('skipped');
    play(world, 'g.t! ~');
    expect(line(world)).toBe('b:success g.a:skipped g.t:scheduled');
  });

  it('does not keep a task from running that somebody runs by hand while its group waits', () => {
    const world = run(() => {
      const { a } = group('g', () => ({ a: step('a'), t: step('t') }), { retries: 1 }).exports;
      branch('b', (): 'a' => 'a', { a });
    });
    play(world, 'g.t!');
    world.runTask('g.a');
    choose(world, 'b');
    expect(world.states['g.a']).toBe('none');
    world.clear({ taskIds: ['g.t'] });
    play(world, 'g.a');
    world.clear({ taskIds: ['g.a'] });
    expect(world.states['g.a']).toBe('skipped');
  });

  it('is waited for, and it is said so', () => {
    const world = run(() => {
      const z = task('z', () => 1, {}, { triggerRule: 'one_success' });
      const y = task('y', () => 1, {}, { triggerRule: 'all_done' });
      step('c').before(z);
      const g = group(
        'g',
        () =>
          void chain(
            shortCircuit('any', () => true),
            step('t'),
          ),
        { retries: 1 },
      );
      chain(g, y, z);
    });
    play(world, 'c');
    expect(world.states.z).toBe('none');
    const why = explainReadiness(world.instance('z'), WORLD).find(({ passed }) => !passed);
    expect(why?.reason).toMatch(/group g: g\.any \(scheduled\), g\.t/);
  });

  it('does not outlive a mark by which the group is over', () => {
    const world = run(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(x);
      groupOf('g', x);
    });
    choose(world, 'g.b');
    play(world, 'c');
    world.mark(['g.t'], 'success');
    expect(world.states.x).toBe('skipped');
  });
});

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
    const world = run(nested);
    play(world, ends);
    expect(line(world)).toBe(states);
  });

  it('begins the outer one again while the inner one is about to', () => {
    const world = run(() => {
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
    expect(line(world)).toBe('o.x:up_for_retry');
    world.pass();
    expect(line(world)).toBe('o.x:scheduled o.i.a:scheduled');
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
    const world = run(mapped);
    world.end('list', [7, 8]);
    play(world, ends);
    expect(line(world)).toBe(`list:success ${states}`);
  });

  it('holds mapped tasks, whose list may be another the second time', () => {
    const world = run(() => {
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
    play(world, 'g.each[0] g.each[2]!');
    expect(world.states).toMatchObject({ 'g.each [0]': 'success', 'g.each [1]': 'none', 'g.sum': 'none' });
    world.pass();
    expect(line(world)).toBe('g.list:scheduled');
    world.end('g.list', [1]);
    expect(line(world)).toBe('g.list:success g.each[0]:scheduled g.each[1]:removed g.each[2]:removed');
    play(world, 'g.each[0] g.sum after');
    expect(world.run.state).toBe('success');
  });
});

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
    const world = run(cluster);
    play(world, 'g.create g.work!');
    expect(line(world)).toBe('g.create:success g.work:up_for_retry g.remove:scheduled');
    world.pass();
    expect(world.states['g.create']).toBe('success');
    play(world, 'g.remove');
    expect(line(world)).toBe('g.create:scheduled');
    play(world, 'g.create g.work g.remove after');
    expect(world.run.state).toBe('success');
    expect(world.instance('g.remove').tryNumber).toBe(2);
  });

  it('has nothing to take down when its setup failed', () => {
    const world = run(cluster);
    play(world, 'g.create!');
    expect(line(world)).toBe('g.create:up_for_retry');
    play(world, '~');
    expect(line(world)).toBe('g.create:scheduled');
  });

  it('begins again even when the teardown fails', () => {
    const world = run(cluster);
    play(world, 'g.create g.work! g.remove! ~');
    expect(line(world)).toBe('g.create:scheduled');
  });

  it('is not made to begin again by a teardown, unless that decides about the run', () => {
    const world = run(cluster);
    play(world, 'g.create g.work g.remove!');
    expect(line(world)).toBe('g.create:success g.work:success g.remove:failed after:scheduled');
  });

  it('leaves a teardown outside of it for the end', () => {
    const world = run(() => {
      const create = step('create').asSetup();
      const g = group('g', () => void step('work'), { retries: 1 });
      chain(create, g, step('remove').asTeardown({ setups: create }));
    });
    play(world, 'create g.work!');
    expect(line(world)).toBe('create:success g.work:up_for_retry');
    play(world, '~ g.work!');
    expect(line(world)).toBe('create:success g.work:failed remove:scheduled');
  });
});

describe('a person', () => {
  const failing = () => {
    const world = run(etl({ retries: 1, retryDelay: 60 }));
    play(world, 'before g.a g.b!');
    return world;
  };

  it('clears the task that failed: the group goes on from it and does not begin again', () => {
    const world = failing();
    world.clear({ taskIds: ['g.b'] });
    expect(line(world)).toBe('before:success g.a:success g.b:scheduled g.c:scheduled');
    play(world, 'g.b g.c after');
    expect(world.run.state).toBe('success');
    expect(world.instance('g.a').tryNumber).toBe(1);
  });

  it('clears the group: all of it runs again, with all of its retries', () => {
    const world = failing();
    play(world, '~ g.a g.b! g.c');
    expect(world.run.state).toBe('failed');
    world.clear({ taskIds: ['g'], downstream: true });
    expect(line(world)).toBe('before:success g.a:scheduled');
    play(world, 'g.a g.b!');
    expect(world.states['g.b']).toBe('up_for_retry');
    play(world, '~ g.a g.b g.c after');
    expect(world.run.state).toBe('success');
  });

  it.each([
    ['success', 'before:success g.a:success g.b:success g.c:scheduled'],
    ['failed', 'before:success g.a:success g.b:failed g.c:scheduled'],
  ] as const)('marks it %s: the group does not begin again', (state, states) => {
    const world = failing();
    world.mark(['g.b'], state);
    expect(line(world)).toBe(states);
    play(world, 'g.c');
    expect(world.states.after).toBe(state === 'success' ? 'scheduled' : 'upstream_failed');
  });

  it('kills it: it has failed, and the rest goes on', () => {
    const world = failing();
    world.kill(['g.b']);
    expect(line(world)).toBe('before:success g.a:success g.b:failed g.c:scheduled');
  });

  it('kills a running task of the group: that is no failure that is tried again', () => {
    const world = run(etl({ retries: 1 }));
    play(world, 'before');
    world.begin('g.a');
    world.kill(['g.a']);
    world.gone('g.a');
    expect(world.states).toMatchObject({ 'g.a': 'failed', 'g.b': 'upstream_failed' });
    expect(world.run.state).toBe('failed');
  });
});

test('a run that takes another version while its group waits begins the group again once', () => {
  const world = run(etl({ retries: 1, retryDelay: 60 }));
  play(world, 'before g.a g.b!');
  const newest = serializeDag(new DAG({ dagId: 'd' }, etl({ retries: 1, retryDelay: 90 })));
  world.clear({ taskIds: ['before'] }, buildDagGraph(newest, 'v2'));
  play(world, 'before ~');
  expect(line(world)).toBe('before:success g.a:scheduled');
  expect(world.events.filter(({ type }) => type === 'group_restarted')).toHaveLength(1);
});

test('a group that waits for its next try costs the ends of others nothing', () => {
  const world = run(() => {
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

test('a DAG that fails fast does so when its group has no retry left', () => {
  const world = run(() => {
    etl({ retries: 1 })();
    step('aside');
  }, true);
  play(world, 'before g.a g.b!');
  expect(world.states.aside).toBe('scheduled');
  play(world, '~ g.a g.b!');
  expect(world.states).toMatchObject({ 'g.b': 'failed', 'g.c': 'skipped', aside: 'skipped' });
  expect(world.run.state).toBe('failed');
});

test('tasks that do nothing begin again within the turn', () => {
  const world = run(() => {
    group(
      'g',
      () => {
        const start = new EmptyOperator({ taskId: 'start' });
        chain(start, step('work'), new EmptyOperator({ taskId: 'end' }));
      },
      { retries: 1 },
    ).before(step('after'));
  });
  play(world, 'g.work! ~ g.work');
  expect(line(world)).toBe('g.start:success g.work:success g.end:success after:scheduled');
});

describe('why a task does not run', () => {
  const why = (world: CoreRun, name: string): string[] =>
    explainReadiness(world.instance(name), WORLD)
      .filter(({ name: check, passed }) => !passed || check === 'group_retry')
      .filter(({ name: check }) => check === 'group_retry' || check === 'closed_groups')
      .map(({ reason }) => reason);

  it('says that its group begins again, when, and because of what', () => {
    const world = run(etl({ retries: 2, retryDelay: 60 }));
    play(world, 'before g.a g.b!');
    expect(why(world, 'g.c')).toEqual([
      expect.stringMatching(/^Its group g begins again in .*: g\.b failed in try 1 of 3\.$/),
    ]);
  });

  it('says which try of its group it is in', () => {
    const world = run(etl({ retries: 2 }));
    play(world, 'before g.a! ~');
    expect(why(world, 'g.b')).toEqual(['Its group g is in its try 2 of 3.']);
  });

  it('says that it waits for the whole group', () => {
    const world = run(etl({ retries: 1 }));
    play(world, 'before g.a g.b');
    expect(why(world, 'after')).toEqual([
      'No group around it begins again.',
      'It waits until all of these have ended, since they may begin again, or go round once more: group g: g.c (scheduled).',
    ]);
  });
});

const WORLD: ReadinessWorld = {
  now: 1_000,
  schedulers: [{ id: 's', beatAgeMs: 0 }],
  leaseMs: 30_000,
  maxActiveRuns: 16,
  activeRuns: 1,
  maxActiveTasks: 16,
  parallelism: { limit: 16, used: 0 },
  pool: { name: 'default_pool', slots: 128, used: 0 },
  taskLimit: null,
  runLimits: [],
  concurrencyKey: null,
};
