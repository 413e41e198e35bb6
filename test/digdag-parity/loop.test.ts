import { chain, DAG, expand, expandGroup, forEach, group, loop, repeat, task, Variable } from '@tsflow/core';
import { buildDagGraph } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { runDag } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { CoreRun } from '../support/core-run.ts';

const step = (id: string) => task(id, () => 1);

const line = (world: CoreRun): string => world.line.replaceAll(/\bl\./g, '');

const counted = (count: number) => () => {
  repeat('l', count, () => void chain(step('a'), step('b'))).before(step('after'));
};

describe('a loop that is counted', () => {
  // biome-ignore format: a table
  it.each([
    // count  what ends                                     states
    [3,       '',                                           'a[0]:scheduled'],                                     // one iteration at a time
    [3,       'l.a[0] l.b[0]',                              'a[0]:success a[1]:scheduled b[0]:success'],
    [3,       'l.a[0] l.b[0] l.a[1] l.b[1] l.a[2] l.b[2]',  'a[0]:success a[1]:success a[2]:success b[0]:success b[1]:success b[2]:success after:scheduled'],
    [2,       'l.a[0] l.b[0] l.a[1] l.b[1]',                'a[0]:success a[1]:success b[0]:success b[1]:success after:scheduled'],
    [1,       'l.a[0] l.b[0]',                              'a[0]:success b[0]:success after:scheduled'],
    [0,       '',                                           'a:skipped b:skipped after:skipped'],
    [3,       'l.a[0] l.b[0]!',                             'a[0]:success b[0]:failed after:upstream_failed'],      // a failure ends it
    [3,       'l.a[0]!',                                    'a[0]:failed b[0]:upstream_failed after:upstream_failed'],
    [2,       'l.a[0]? l.a[1] l.b[1]',                      'a[0]:skipped a[1]:success b[0]:skipped b[1]:success after:skipped'], // a skip does not
  ] as const)('%i times, [%s]: %s', (count, ends, states) => {
    const world = CoreRun.of(counted(count));
    world.play(ends);
    expect(line(world)).toBe(states);
  });

  it('makes the instances of an iteration when it comes to it', () => {
    const world = CoreRun.of(counted(100));
    world.play('l.a[0] l.b[0]');
    expect(Object.keys(world.states)).toHaveLength(5);
  });
});

const polled =
  (options: { max?: number; onMax?: 'fail' | 'continue'; retries?: number } = {}) =>
  () => {
    const l = loop('l', () => step('a'), { until: (n) => n > 1, ...options });
    l.before(step('after'));
  };

describe('a loop until something holds', () => {
  // biome-ignore format: a table
  it.each([
    // options                        what ends                                           states
    [{},                              'l.a[0]',                                           'a[0]:success until[0]:scheduled'],
    [{},                              'l.a[0] l.until[0]=y',                              'a[0]:success until[0]:success after:scheduled'],
    [{},                              'l.a[0] l.until[0]=n',                              'a[0]:success a[1]:scheduled until[0]:success'],
    [{},                              'l.a[0] l.until[0]=n l.a[1] l.until[1]=y',          'a[0]:success a[1]:success until[0]:success until[1]:success after:scheduled'],
    [{},                              'l.a[0] l.until[0]=n l.a[1]!',                      'a[0]:success a[1]:failed until[0]:success until[1]:upstream_failed after:upstream_failed'],
    [{},                              'l.a[0]?',                                          'a[0]:skipped until[0]:skipped after:skipped'],
    [{ max: 2 },                      'l.a[0] l.until[0]=n l.a[1] l.until[1]=n',          'a[0]:success a[1]:success until[0]:success until[1]:failed after:upstream_failed'],
    [{ max: 2, onMax: 'continue' },   'l.a[0] l.until[0]=n l.a[1] l.until[1]=n',          'a[0]:success a[1]:success until[0]:success until[1]:success after:scheduled'],
    [{ max: 1 },                      'l.a[0] l.until[0]=y',                              'a[0]:success until[0]:success after:scheduled'],
  ] as const)('%j, [%s]: %s', (options, ends, states) => {
    const world = CoreRun.of(polled(options));
    world.play(ends);
    expect(line(world)).toBe(states);
  });

  it('says why it failed at its max', () => {
    const world = CoreRun.of(polled({ max: 1 }));
    world.play('l.a[0] l.until[0]=n');
    expect(world.reasons['l.until [0]']).toBe(
      'Loop l went round 1 times, which is its max, and its condition does not hold yet.',
    );
    expect(world.run.state).toBe('failed');
  });

  it('begins again as a whole when its group has retries', () => {
    const world = CoreRun.of(polled({ retries: 1 }));
    world.play('l.a[0] l.until[0]=n l.a[1]! ~');
    expect(line(world)).toBe('a[0]:scheduled');
    world.play('l.a[0] l.until[0]=y');
    expect(line(world)).toBe('a[0]:success a[1]:removed until[0]:success until[1]:removed after:scheduled');
  });
});

describe('who reads something of a loop waits for all of it', () => {
  it('and does not run when it failed at its max, though what it reads is there', () => {
    const world = CoreRun.of(() => {
      const l = loop('l', () => task('a', () => 1), { until: (n) => n > 1, max: 1 });
      task('reader', (_context, { n }) => n, { n: l.exports.output });
    });
    world.play('l.a[0] l.until[0]=n');
    expect(world.states.reader).toBe('upstream_failed');
  });

  it('and does not run when something behind what it reads failed', () => {
    const world = CoreRun.of(() => {
      const l = repeat('l', 2, () => {
        const a = task('a', () => 1);
        a.before(step('b'));
        return a;
      });
      task('reader', (_context, { all }) => all, { all: l.exports.output });
    });
    world.play('l.a[0] l.b[0] l.a[1] l.b[1]!');
    expect(world.states.reader).toBe('upstream_failed');
  });
});

describe('a person', () => {
  const done = () => {
    const world = CoreRun.of(polled());
    world.play('l.a[0] l.until[0]=n l.a[1] l.until[1]=n l.a[2] l.until[2]=y after');
    expect(world.run.state).toBe('success');
    return world;
  };

  it('clears all of it: it goes round from the first, and stops where it is done now', () => {
    const world = done();
    world.clear({ taskIds: ['l'], downstream: true });
    expect(line(world)).toBe('a[0]:scheduled');
    world.play('l.a[0] l.until[0]=n l.a[1] l.until[1]=y');
    expect(line(world)).toBe(
      'a[0]:success a[1]:success a[2]:removed until[0]:success until[1]:success until[2]:removed after:scheduled',
    );
    world.clear({ taskIds: ['l'], downstream: true });
    world.play('l.a[0] l.until[0]=n l.a[1] l.until[1]=n');
    expect(world.states['l.a [2]']).toBe('scheduled');
  });

  it('clears the iteration that failed: it goes on from there', () => {
    const world = CoreRun.of(counted(3));
    world.play('l.a[0] l.b[0] l.a[1]!');
    expect(world.run.state).toBe('failed');
    world.clear({ taskIds: ['l.a'], mapPath: '1', downstream: true });
    expect(line(world)).toBe('a[0]:success a[1]:scheduled b[0]:success');
    world.play('l.a[1] l.b[1] l.a[2] l.b[2] after');
    expect(world.run.state).toBe('success');
    expect(world.instance('l.a [0]').tryNumber).toBe(1);
  });

  it('leaves nothing of iterations whose list failed since', () => {
    const world = CoreRun.of(() => {
      const days = task('days', () => [1, 2]);
      forEach('l', days.output, () => void task('a', () => 1, {}, { triggerRule: 'all_done' })).before(
        step('after'),
      );
    });
    world.finish('days', { kind: 'success', xcoms: { return_value: [1, 2] } });
    world.play('l.a[0]');
    world.clear({ taskIds: ['l'], downstream: true });
    world.clear({ taskIds: ['days'] });
    world.play('days! l.a[0]');
    expect(line(world)).toBe('days:failed a[0]:success a[1]:removed after:scheduled');
  });

  it('marks what ends it: it is done', () => {
    const world = CoreRun.of(polled());
    world.play('l.a[0]');
    world.mark(['l.until'], 'success');
    expect(line(world)).toBe('a[0]:success until[0]:success after:scheduled');
  });

  // biome-ignore format: a table
  it.each([
    // what ends                                                    marked      changed          states
    ['l.a[0] l.until[0]=n',                                         '0',        ['0'],           'a[0]:success a[1]:removed until[0]:success until[1]:removed after:scheduled'],
    ['l.a[0] l.until[0]=n l.a[1]',                                  '0',        ['0'],           'a[0]:success a[1]:removed until[0]:success until[1]:removed after:scheduled'],
    ['l.a[0] l.until[0]=n l.a[1]!',                                 '0',        ['0'],           'a[0]:success a[1]:removed until[0]:success until[1]:removed after:scheduled'], // the run had failed
    ['l.a[0] l.until[0]=n',                                         undefined,  ['1'],           'a[0]:success a[1]:scheduled until[0]:success until[1]:success'],                // the one that is under way is the last
    ['l.a[0] l.until[0]=n l.a[1] l.until[1]=n',                     '0',        [],              'a[0]:success a[1]:success a[2]:scheduled until[0]:success until[1]:success'],   // it went on, and well
    ['l.a[0] l.until[0]=n l.a[1] l.until[1]=n',                     '1',        ['1'],           'a[0]:success a[1]:success a[2]:removed until[0]:success until[1]:success until[2]:removed after:scheduled'],
    ['l.a[0] l.until[0]=y',                                         '0',        [],              'a[0]:success until[0]:success after:scheduled'],
  ] as const)('says after [%s] that iteration %s was the last', (ends, marked, changed, states) => {
    const world = CoreRun.of(polled());
    world.play(ends);
    expect(world.mark(['l.until'], 'success', marked)).toEqual(changed.map((mapPath) => ({ taskId: 'l.until', mapPath })));
    if (world.run.state === 'failed') world.clear({ taskIds: ['after'] });
    expect(line(world)).toBe(states);
  });

  it('gives it another version of the DAG, with more iterations', () => {
    const version = (count: number) => serializeDag(new DAG({ dagId: 'd' }, counted(count)));
    const world = new CoreRun(version(1));
    world.play('l.a[0] l.b[0] after');
    world.clear({ taskIds: ['l.b'], downstream: true }, buildDagGraph(version(2), 'v2'));
    world.play('l.b[0] l.a[1] l.b[1] after');
    expect(world.run.state).toBe('success');
  });
});

describe('loops in groups, groups in loops', () => {
  it('goes round for each index of a mapped group by itself', () => {
    const world = CoreRun.of(() => {
      const g = expandGroup('g', { n: [7, 8] }, ({ n }) => {
        repeat('l', 2, () => task('a', (_context, inputs) => inputs.n, { n }));
      });
      g.before(step('after'));
    });
    world.play('g.l.a[0.0] g.l.a[0.1] g.l.a[1.0]');
    expect(world.states).toEqual({
      'g.l.a [0.0]': 'success',
      'g.l.a [0.1]': 'success',
      'g.l.a [1.0]': 'success',
      'g.l.a [1.1]': 'scheduled',
      after: 'none',
    });
  });

  it('maps tasks anew in each iteration', () => {
    const world = CoreRun.of(() => {
      const l = repeat('l', 2, () => {
        const list = task('list', (): number[] => []);
        task('each', (_context, { n }) => n, { n: expand(list.output) });
      });
      l.before(step('after'));
    });
    world.end('l.list [0]', [1, 2]);
    world.play('l.each[0.0] l.each[0.1]');
    world.end('l.list [1]', [1]);
    world.play('l.each[1.0]');
    expect(world.states.after).toBe('scheduled');
  });

  it('nests', () => {
    const world = CoreRun.of(() => {
      repeat('o', 2, () => void repeat('l', 2, () => void step('a')));
    });
    world.play('o.l.a[0.0] o.l.a[0.1] o.l.a[1.0] o.l.a[1.1]');
    expect(world.run.state).toBe('success');
  });

  it('retries a group in an iteration before the next one begins', () => {
    const world = CoreRun.of(() => {
      repeat('l', 2, () => void group('g', () => void chain(step('a'), step('b')), { retries: 1 }));
    });
    world.play('l.g.a[0] l.g.b[0]! ~');
    expect(world.states).toEqual({ 'l.g.a [0]': 'scheduled', 'l.g.b [0]': 'none' });
    world.play('l.g.a[0] l.g.b[0]');
    expect(world.states['l.g.a [1]']).toBe('scheduled');
  });

  it('takes down in each iteration what it set up', () => {
    const world = CoreRun.of(() => {
      repeat('l', 2, () => {
        const create = step('create').asSetup();
        chain(create, step('work'), step('remove').asTeardown({ setups: create }));
      });
    });
    world.play('l.create[0] l.work[0]');
    expect(world.states['l.create [1]']).toBeUndefined();
    world.play('l.remove[0]');
    expect(world.states['l.create [1]']).toBe('scheduled');
  });
});

test('why an iteration does not run', () => {
  const world = CoreRun.of(counted(2));
  world.play('l.a[0] l.b[0] l.a[1] l.b[1] after');
  world.clear({ taskIds: ['l'] });
  const reason = world.readiness('l.a [1]').find(({ name }) => name === 'loop')?.reason;
  expect(reason).toBe(
    'The iteration before it in loop l has not ended: l.a [0] (scheduled), l.b [0] (none).',
  );
});

// biome-ignore format: a table
test.each([
  ['a param',      { conf: { times: 3 } },                   3],
  ['its default',  {},                                       2],
  ['nothing',      { conf: { times: 0 } },                   0],
] as const)('a count from %s', async (_what, options, times) => {
  const dag = new DAG(
    { dagId: 'times', params: z.object({ times: z.number().default(2) }) },
    ({ params }) => {
      const l = repeat('l', params.times, ({ index }) =>
        task('square', (_context, { n }) => n * n, { n: index }),
      );
      return { sum: task('sum', (_context, { all }) => all, { all: l.exports.output }, { triggerRule: 'none_failed' }) };
    },
  );
  const result = await runDag(dag, options);
  expect(result.assertSucceeded().output(dag.exports.sum)).toEqual([0, 1, 4].slice(0, times));
});

test('a count that is none fails before the first iteration', async () => {
  const limit = Variable.number('limit', { default: 2 });
  const dag = new DAG({ dagId: 'odd' }, () => void repeat('l', limit, () => step('a')));
  (await runDag(dag)).assertSucceeded();
  const odd = await runDag(dag, { variables: { limit: 1.5 } });
  odd.assertFailed().assertStates({ l__count: 'failed', 'l.a': 'upstream_failed' });
});

test('what comes after a loop until reads the last iteration, what comes after a counted one all of them', async () => {
  let asked = 0;
  const dag = new DAG({ dagId: 'outputs' }, () => {
    const polling = loop(
      'polling',
      ({ index }) => task('status', (_context, { i }) => `status ${i}`, { i: index }),
      {
        until: (status) => status === 'status 2',
      },
    );
    const days = task('days', () => ['mon', 'tue']);
    const each = forEach('each', days.output, ({ item }) =>
      task('load', (_context, { day }) => `${++asked}: ${day}`, { day: item }),
    );
    const last = task('last', (_context, { status }) => status, { status: polling.exports.output });
    const all = task('all', (_context, { loads }) => loads, { loads: each.exports.output });
    return { last, all };
  });
  const result = await runDag(dag);
  result.assertSucceeded();
  expect(result.output(dag.exports.last)).toBe('status 2');
  expect(result.output(dag.exports.all)).toEqual(['1: mon', '2: tue']);
});

test('an iteration reads what stands before the loop, and its own; nothing of the iteration before', async () => {
  const dag = new DAG({ dagId: 'read' }, () => {
    const before = task('before', () => 10);
    const pages = repeat('l', 2, ({ index }) => {
      const a = task(
        'a',
        async ({ xcom }, inputs) => [inputs.index, inputs.n, await xcom.pull('l.a'), await xcom.pull('l.b')],
        {
          index,
          n: before.output,
        },
      );
      return task('b', (_context, { read }) => read, { read: a.output });
    });
    return { read: task('read', (_context, { all }) => all, { all: pages.exports.output }) };
  });
  const result = await runDag(dag);
  expect(result.assertSucceeded().output(dag.exports.read)).toEqual([
    [0, 10, null, null],
    [1, 10, null, null],
  ]);
});

test('something can be mapped over what the last iteration returned', async () => {
  const dag = new DAG({ dagId: 'over_last' }, () => {
    const pages = loop(
      'pages',
      ({ index }) => task('list', (_context, { i }) => Array.from({ length: i }, (_, n) => n), { i: index }),
      {
        until: (list) => list.length === 3,
      },
    );
    const each = task('each', (_context, { n }) => n * 10, { n: expand(pages.exports.output) });
    return { sum: task('sum', (_context, { all }) => all, { all: each.output }) };
  });
  const result = await runDag(dag);
  expect(result.assertSucceeded().output(dag.exports.sum)).toEqual([0, 10, 20]);
});

// biome-ignore format: a table
test.each([
  ['no until',            () => loop('l', () => step('a'), {} as never),                               /until expects a function/],
  ['a max of nothing',    () => loop('l', () => step('a'), { until: () => true, max: 0 }),             /max expects a whole number from 1/],
  ['half a time',         () => repeat('l', 1.5, () => step('a')),                                     /count expects a whole number/],
] as const)('%s is refused while the file is loaded', (_what, body, message) => {
  expect(() => new DAG({ dagId: 'd' }, () => void body())).toThrow(message);
});
