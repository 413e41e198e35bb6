import { branch, chain, expand, expandGroup, group, shortCircuit, task } from '@tsflow/core';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

/** What comes after a group that may begin again, and what it decides outside of itself, waits for the end of its last try. */

const step = (id: string) => task(id, () => 1);

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
    const world = CoreRun.of(() => {
      const g = group('g', () => void chain(step('a'), [step('b'), step('c')]), { retries: 1 });
      g.before(task('after', () => 1, {}, { triggerRule }));
    });
    world.play(ends);
    expect(world.states.after).toBe(state);
  });

  it('is skipped by a branch inside only when the group has ended, and not when it decides otherwise then', () => {
    const world = CoreRun.of(() => {
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
    world.play('g.work! ~');
    choose('y');
    world.play('g.work');
    expect(world.states).toMatchObject({ x: 'skipped', y: 'scheduled' });
  });

  it('is left alone by a short-circuit inside until the group has ended', () => {
    const world = CoreRun.of(() => {
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
    world.play('g.other! ~');
    decide(true);
    world.play('g.other after last');
    expect(world.run.state).toBe('success');
  });

  it('is mapped over what the last try returned', () => {
    const world = CoreRun.of(() => {
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
    world.play('g.other! ~');
    world.end('g.list', [1, 2]);
    world.play('g.other');
    expect(world.line).toBe('g.list:success g.other:success each[0]:scheduled each[1]:scheduled');
  });
});

describe('a decision that leaves a group with retries', () => {
  const choose = (world: CoreRun, name: string, ...chosen: string[]) =>
    world.finish(name, { kind: 'success', xcoms: {}, decision: { kind: 'branch', chosen } });

  /** A group `g` of a choice and of work that is tried again, and the task that is chosen or not. */
  const anyThenT = () =>
    group(
      'g',
      () =>
        void chain(
          shortCircuit('any', () => true),
          step('t'),
        ),
      { retries: 1 },
    );
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
    const world = CoreRun.of(() => {
      expandGroup('per', { n: [0, 1] }, () => void groupOf('g', step('x')));
    });
    choose(world, 'per.g.b [1]');
    world.play('per.g.t[0]! ~ per.g.t[1]');
    expect(world.states).toMatchObject({ 'per.x [0]': 'none', 'per.x [1]': 'skipped' });
  });

  it('stands for an index whose group has ended when another one begins again, also for what is outside of both', () => {
    const world = CoreRun.of(() => {
      const x = step('x');
      expandGroup('per', { n: [0, 1] }, () => void groupOf('g', x));
    });
    choose(world, 'per.g.b [0]');
    choose(world, 'per.g.b [1]');
    world.play('per.g.t[1]');
    expect(world.states.x).toBe('skipped');
    world.clear({ taskIds: ['x'] });
    world.play('per.g.t[0]! ~');
    choose(world, 'per.g.b [0]', 'x');
    world.play('per.g.t[0]');
    expect(world.states.x).toBe('skipped');
  });

  it('of one group is not taken back with that of another', () => {
    const world = CoreRun.of(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'all_done' });
      groupOf('one', x);
      groupOf('two', x);
    });
    choose(world, 'one.b');
    choose(world, 'two.b');
    world.play('two.t! ~');
    choose(world, 'two.b', 'x');
    world.play('one.t two.t');
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
    const world = CoreRun.of(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(x);
      groupOf('g', x);
    });
    for (const [index, chosen] of tries.entries()) {
      choose(world, 'g.b', ...(chosen === '' ? [] : [chosen]));
      if (index === 0) world.play('c');
      expect(world.states.x).toBe(before);
      world.play(index < tries.length - 1 ? 'g.t! ~' : 'g.t');
    }
    expect(world.states.x).toBe(after);
    world.clear({ taskIds: ['x'] });
    expect(world.states.x).toBe(after);
  });

  it('holds for every instance of what is mapped meanwhile', () => {
    const world = CoreRun.of(() => {
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
    world.play('g.t');
    expect(world.states).toMatchObject({ 'x [0]': 'skipped', 'x [1]': 'skipped' });
  });

  it('of a short-circuit reaches what lies behind what it waits for', () => {
    const world = CoreRun.of(() => {
      const y = task('y', () => 1, {}, { triggerRule: 'all_done' });
      const z = task('z', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(z);
      chain(anyThenT(), y, z);
    });
    world.finish('g.any', {
      kind: 'success',
      xcoms: {},
      decision: { kind: 'short_circuit', proceed: false },
    });
    world.play('c');
    expect(world.line).toBe('c:success g.any:success g.t:skipped y:skipped z:skipped');
  });

  it('into the group stays when the group begins again', () => {
    const world = CoreRun.of(() => {
      const { a, t } = group('g', () => ({ a: step('a'), t: step('t') }), { retries: 1 }).exports;
      branch('b', (): 'a' | 't' => 't', { a, t });
    });
    choose(world, 'b', 'g.t');
    expect(world.states['g.a']).toBe('skipped');
    world.play('g.t! ~');
    expect(world.line).toBe('b:success g.a:skipped g.t:scheduled');
  });

  it('does not keep a task from running that somebody runs by hand while its group waits', () => {
    const world = CoreRun.of(() => {
      const { a } = group('g', () => ({ a: step('a'), t: step('t') }), { retries: 1 }).exports;
      branch('b', (): 'a' => 'a', { a });
    });
    world.play('g.t!');
    world.runTask('g.a');
    choose(world, 'b');
    expect(world.states['g.a']).toBe('none');
    world.clear({ taskIds: ['g.t'] });
    world.play('g.a');
    world.clear({ taskIds: ['g.a'] });
    expect(world.states['g.a']).toBe('skipped');
  });

  it('is waited for, and it is said so', () => {
    const world = CoreRun.of(() => {
      const z = task('z', () => 1, {}, { triggerRule: 'one_success' });
      const y = task('y', () => 1, {}, { triggerRule: 'all_done' });
      step('c').before(z);
      chain(anyThenT(), y, z);
    });
    world.play('c');
    expect(world.states.z).toBe('none');
    const why = world.readiness('z').find(({ passed }) => !passed);
    expect(why?.reason).toMatch(/group g: g\.any \(scheduled\), g\.t/);
  });

  it('does not outlive a mark by which the group is over', () => {
    const world = CoreRun.of(() => {
      const x = task('x', () => 1, {}, { triggerRule: 'one_success' });
      step('c').before(x);
      groupOf('g', x);
    });
    choose(world, 'g.b');
    world.play('c');
    world.mark(['g.t'], 'success');
    expect(world.states.x).toBe('skipped');
  });
});
