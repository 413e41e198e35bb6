import { chain, DAG, expandGroup, group, match, task, when } from '@tsflow/core';
import { fails, returns, runDag, skips } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { CoreRun } from '../support/core-run.ts';

const step = (id: string) => task(id, () => 1);

const take = (world: CoreRun, name: string, chosen: string | null) =>
  world.finish(name, {
    kind: 'success',
    xcoms: chosen === null ? {} : { return_value: chosen },
    decision: { kind: 'branch', chosen: chosen === null ? [] : [chosen] },
  });

/** before -> c -> after; do: a -> b, and a cleanup whatever became of b; else: x, or nothing */
const branches = (hasElse: boolean) => () => {
  const c = when('c', () => true, {
    do: () => {
      const b = step('b');
      chain(
        step('a'),
        b,
        task('cleanup', () => 1, {}, { triggerRule: 'all_done' }),
      );
    },
    ...(hasElse ? { else: () => void step('x') } : {}),
  });
  chain(step('before'), c, step('after'));
};

/** What began of the choice, as `do.a` and `join`. */
const line = (world: CoreRun): string =>
  world.line
    .split(' ')
    .filter((one) => !/^(before|c\.if):/.test(one))
    .join(' ')
    .replaceAll(/\bc\./g, '');

describe('if and else', () => {
  // biome-ignore format: a table
  it.each([
    // else   taken    what ends                           states
    [true,   'do',  '',                                 'do.a:scheduled else.x:skipped'],
    [true,   'do',  'c.do.a c.do.b c.do.cleanup', 'do.a:success do.b:success do.cleanup:success else.x:skipped join:scheduled'],
    [true,   'else',  '',                                 'do.a:skipped do.b:skipped do.cleanup:skipped else.x:scheduled'],   // also what runs whatever happened
    [true,   'else',  'c.else.x',                         'do.a:skipped do.b:skipped do.cleanup:skipped else.x:success join:scheduled'],
    [true,   'else',  'c.else.x!',                        'do.a:skipped do.b:skipped do.cleanup:skipped else.x:failed join:upstream_failed after:upstream_failed'],
    [true,   'else',  'c.else.x?',                        'do.a:skipped do.b:skipped do.cleanup:skipped else.x:skipped join:scheduled'], // it skipped itself: the rest goes on
    [false,  'do',  'c.do.a c.do.b c.do.cleanup', 'do.a:success do.b:success do.cleanup:success join:scheduled'],
    [false,  null,    '',                                 'do.a:skipped do.b:skipped do.cleanup:skipped join:scheduled'],
  ] as const)('with an else: %s, %s is taken, [%s]: %s', (hasElse, taken, ends, states) => {
    const world = CoreRun.of(branches(hasElse));
    world.end('before');
    take(world, 'c.if', taken);
    world.play(ends);
    // The join does nothing: it succeeds without a process, where it is reached.
    expect(line(world)).toBe(
      states.replace('join:scheduled', 'join:success after:scheduled'),
    );
  });

  // biome-ignore format: a table
  it.each([
    // what becomes of before   states
    ['before!', 'c.if:upstream_failed c.do.a:upstream_failed c.else.x:upstream_failed c.join:upstream_failed after:upstream_failed'],
    ['before?', 'c.if:skipped c.do.a:skipped c.do.cleanup:skipped c.else.x:skipped c.join:skipped after:skipped'],  // the whole of it is skipped, not joined
  ])('is nothing but its parts when %s', (ends, states) => {
    const world = CoreRun.of(branches(true));
    world.play(ends);
    expect(world.states).toMatchObject(
      Object.fromEntries(states.split(' ').map((word) => word.split(':') as [string, string])),
    );
  });

  it('keeps its decision when a task of the other side is cleared, and decides anew when it is cleared itself', () => {
    const world = CoreRun.of(branches(true));
    world.end('before');
    take(world, 'c.if', 'else');
    world.play('c.else.x after');
    world.clear({ taskIds: ['c.do.a'] });
    expect(world.states['c.do.a']).toBe('skipped');
    world.clear({ taskIds: ['c.if'], downstream: true });
    take(world, 'c.if', 'do');
    expect(line(world)).toBe('do.a:scheduled else.x:skipped');
  });

  it('refuses a side that it does not have', () => {
    const world = CoreRun.of(branches(true));
    world.end('before');
    take(world, 'c.if', 'otherwise');
    expect(world.states['c.if']).toBe('failed');
    expect(world.reasons['c.if']).toBe('c.if chose "otherwise", which is none of its sides: do, else.');
  });

  it('decides for each index of a mapped group', () => {
    const world = CoreRun.of(() => {
      expandGroup('g', { n: [1, 2] }, ({ n }) => {
        const c = when('c', () => true, { do: () => step('a'), else: () => step('b') }, { n });
        c.before(step('after'));
      });
    });
    take(world, 'g.c.if [0]', 'do');
    take(world, 'g.c.if [1]', 'else');
    expect(world.states).toMatchObject({
      'g.c.do.a [0]': 'scheduled',
      'g.c.else.b [0]': 'skipped',
      'g.c.do.a [1]': 'skipped',
      'g.c.else.b [1]': 'scheduled',
    });
  });

  it('leaves setups and teardowns of the other side out', () => {
    const world = CoreRun.of(() => {
      when('c', () => true, {
        do: () => void step('a'),
        else: () => {
          const create = step('create').asSetup();
          chain(create, step('work'), step('remove').asTeardown({ setups: create }));
        },
      });
    });
    take(world, 'c.if', 'do');
    expect(world.states).toMatchObject({
      'c.else.create': 'skipped',
      'c.else.work': 'skipped',
      'c.else.remove': 'skipped',
    });
  });
});

const modes = new DAG(
  { dagId: 'modes', params: z.object({ mode: z.enum(['all', 'incremental']).default('incremental') }) },
  ({ params }) => {
    const load = match(
      'load',
      (_context, { mode }) => mode,
      {
        all: () => task('everything', () => [1, 2, 3]),
        incremental: () => task('day', () => [3]),
      },
      { mode: params.mode },
    );
    const report = task('report', (_context, { rows }) => rows.length, { rows: load.output });
    return { report };
  },
);

// biome-ignore format: a table
test.each([
  // conf                     skipped                  rows
  [{ mode: 'all' },           'load.incremental.day',  3],
  [{ mode: 'incremental' },   'load.all.everything',   1],
  [{},                        'load.all.everything',   1],   // the default of the param
] as const)('a mode of the run: %j skips %s', async (conf, skipped, rows) => {
  const result = await runDag(modes, { conf });
  result.assertSucceeded().assertStates({ [skipped]: 'skipped', report: 'success' });
  expect(result.output(modes.exports.report)).toBe(rows);
});

const size = new DAG({ dagId: 'size' }, () => {
  const rows = task('rows', () => 5);
  const given = task('given', () => 'as it was');
  const done = when(
    'many',
    (_context, { n }) => n > 1_000,
    {
      do: () => task('copy', () => 'copied'),
      else: () =>
        when(
          'some',
          (_context, { n }) => n > 0,
          {
            do: () => task('insert', () => 7),
            else: () => given.output,
          },
          { n: rows.output },
        ),
    },
    { n: rows.output },
  );
  const result = task('result', (_context, { how }) => how, { how: done.output });
  return { result };
});

// biome-ignore format: a table
test.each([
  [5_000, 'copied'],
  [5,     7],
  [0,     'as it was'],        // a side without a task hands on what is there
] as const)('else if: %i rows are %s', async (rows, how) => {
  const result = await runDag(size, { tasks: { rows: returns(rows) } });
  result.assertSucceeded();
  expect(result.output(size.exports.result)).toBe(how);
});

// biome-ignore format: a table
test.each([
  // what is faked                            state      joined
  [{ 'c.do.a': skips() },                   'success', null],
  [{ 'c.if': returns(null) },                 'success', null],
  [{ 'c.if': returns('do') },               'success', 1],
  [{ 'c.do.a': fails() },                   'failed',  undefined],
] as const)('a join of what %j gives is %s with %j', async (tasks, state, joined) => {
  const dag = new DAG({ dagId: 'joined' }, () => {
    const c = when('c', () => true, { do: () => step('a') });
    return { out: task('out', (_context, { value }) => ({ value }), { value: c.output }) };
  });
  const result = await runDag(dag, { tasks });
  expect(result.state).toBe(state);
  if (joined !== undefined) expect(result.output(dag.exports.out)).toEqual({ value: joined });
});

test('a choice in a group that begins again is decided again', () => {
  const world = CoreRun.of(() => {
    group(
      'g',
      () => {
        const c = when('c', () => true, { do: () => step('a'), else: () => step('b') });
        c.before(step('last'));
      },
      { retries: 1 },
    );
  });
  take(world, 'g.c.if', 'do');
  world.fail('g.c.do.a');
  world.pass();
  take(world, 'g.c.if', 'else');
  expect(world.states).toMatchObject({ 'g.c.do.a': 'skipped', 'g.c.else.b': 'scheduled' });
});

// biome-ignore format: a table
test.each([
  ['no side at all',  () => match('m', () => null, {}),                                     /^match\("m"\) has nothing to choose from/],
  ['when without a side', () => when('c', () => true, {} as never),                           /^when\("c"\) has nothing to choose from/],
  ['a side that is no function', () => when('c', () => true, { do: step('a') as never }), /"c": the side "do" is no function/],
  ['a name with a blank', () => match('m', () => 'a b' as const, { 'a b': () => step('a') }), /a b/],
] as const)('%s is refused while the file is loaded', (_what, body, message) => {
  expect(() => new DAG({ dagId: 'd' }, () => void body())).toThrow(message);
});
