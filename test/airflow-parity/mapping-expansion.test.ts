import { branch, concat, DAG, expand, expandGroup, task, zip } from '@tsflow/core';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it } from 'vitest';
import { CoreRun } from '../support/core-run.ts';

const run = (body: () => void, maxMapLength?: number) =>
  new CoreRun(serializeDag(new DAG({ dagId: 'd' }, body)), maxMapLength);

/** extract -> load, mapped over it -> report. */
const etl = () => {
  const extract = task('extract', (): number[] => []);
  const load = task('load', (_context, { n }) => n, { n: expand(extract.output) });
  task('report', (_context, { all }) => all.length, { all: load.output });
};

describe('a task that is mapped over an output', () => {
  it('is one instance without an index until the list is there', () => {
    expect(run(etl).states).toEqual({ extract: 'scheduled', load: 'none', report: 'none' });
  });

  // what extract returned, and the instances of load
  it.each([
    [[7], ['load [0]']],
    [
      [1, 2, 3],
      ['load [0]', 'load [1]', 'load [2]'],
    ],
    [{ a: 1, b: 2 }, ['load [0]', 'load [1]']],
    [Array.from({ length: 100 }, (_, i) => i), Array.from({ length: 100 }, (_, i) => `load [${i}]`)],
  ])('%j makes %j', (value, instances) => {
    const world = run(etl);
    world.end('extract', value);
    expect(Object.keys(world.states).filter((name) => name.startsWith('load'))).toEqual(instances);
    expect(Object.values(world.states).filter((state) => state === 'scheduled')).toHaveLength(
      instances.length,
    );
  });

  it('lets what is below wait for all of its instances', () => {
    const world = run(etl);
    world.end('extract', [1, 2]);
    world.end('load [1]', 2);
    expect(world.states.report).toBe('none');
    world.end('load [0]', 1);
    expect(world.states.report).toBe('scheduled');
    world.end('report');
    expect(world.run.state).toBe('success');
  });

  // rule of report, and what it becomes after an empty list
  it.each([
    ['all_success', 'skipped'],
    ['all_done', 'scheduled'],
    ['none_failed', 'scheduled'],
    ['none_failed_min_one_success', 'skipped'],
    ['all_skipped', 'scheduled'],
  ] as const)(
    'an empty list skips it, with index -1, and what is below follows its rule %s: %s',
    (triggerRule, state) => {
      const world = run(() => {
        const extract = task('extract', (): number[] => []);
        const load = task('load', (_context, { n }) => n, { n: expand(extract.output) });
        task('report', (_context, { all }) => all.length, { all: load.output }, { triggerRule });
      });
      world.end('extract', []);
      expect(world.states).toEqual({ extract: 'success', load: 'skipped', report: state });
      expect(world.reasons.load).toBe('the list of load is empty');
    },
  );

  it.each([
    [
      7,
      'load is mapped over what extract returns, so that has to be a list or an object, but it is a number.',
    ],
    [
      'text',
      'load is mapped over what extract returns, so that has to be a list or an object, but it is a string.',
    ],
    [
      null,
      'load is mapped over what extract returns, so that has to be a list or an object, but it is nothing.',
    ],
    [
      [1, 2, 3, 4],
      'load is mapped over what extract returns, which has 4 elements: more than maxMapLength 3.',
    ],
  ])('a producer that returns %j fails, and says why', (value, reason) => {
    const world = run(etl, 3);
    world.end('extract', value);
    expect(world.states).toEqual({ extract: 'failed', load: 'upstream_failed', report: 'upstream_failed' });
    expect(world.reasons.extract).toBe(reason);
    expect(world.run.state).toBe('failed');
  });

  // lists of a and b, most, and who fails: whoever makes the last list
  it.each([
    [
      'a',
      'b',
      5,
      'b',
      'With the 2 elements that b returns, load would have 6 instances: more than maxMapLength 5.',
    ],
    [
      'b',
      'a',
      5,
      'a',
      'With the 3 elements that a returns, load would have 6 instances: more than maxMapLength 5.',
    ],
    ['a', 'b', 6, null, null],
  ] as const)(
    'that is mapped over every combination, %s before %s, at most %i: %s fails',
    (first, second, max, loser, reason) => {
      const lists = { a: [1, 2, 3], b: [1, 2] };
      const world = run(() => {
        const a = task('a', (): number[] => []);
        const b = task('b', (): number[] => []);
        task('load', (_context, { x, y }) => x + y, { x: expand(a.output), y: expand(b.output) });
      }, max);
      world.end(first, lists[first]);
      world.end(second, lists[second]);
      if (loser === null) return expect(Object.keys(world.states)).toHaveLength(2 + 6);
      expect(world.states).toEqual({
        a: 'success',
        b: 'success',
        [loser]: 'failed',
        load: 'upstream_failed',
      });
      expect(world.reasons[loser]).toBe(reason);
    },
  );

  it('that is crossed with one in the file: whoever returns the other fails', () => {
    const world = run(() => {
      const a = task('a', (): number[] => []);
      task('load', (_context, { x, y }) => x + y, { x: expand(a.output), y: expand([1, 2]) });
    }, 5);
    world.end('a', [1, 2, 3]);
    expect(world.states).toEqual({ a: 'failed', load: 'upstream_failed' });
  });

  it('that is crossed with what many instances made together is upstream_failed, in words: nobody made it alone', () => {
    const world = run(() => {
      const parts = task('parts', (_context, { n }) => n, { n: expand([1, 2, 3]) });
      task('load', (_context, { x, y }) => x + y, { x: expand(parts.output), y: expand([1, 2]) });
    }, 5);
    for (const i of [0, 1, 2]) world.end(`parts [${i}]`, i);
    expect(world.states.load).toBe('upstream_failed');
    expect(world.reasons.load).toBe('load would have 6 instances, more than maxMapLength 5');
  });

  it('in a mapped group counts for each index of the group', () => {
    const world = run(() => {
      expandGroup('g', { n: [1, 2] }, ({ n }) => {
        const a = task('a', (_context, { n: size }): number[] => Array.from({ length: size }, () => 1), {
          n,
        });
        task('load', (_context, { x, y }) => x + y, { x: expand(a.output), y: expand([1, 2, 3]) });
      });
    }, 5);
    world.end('g.a [0]', [1]);
    world.end('g.a [1]', [1, 1]);
    expect(world.states).toMatchObject({
      'g.a [0]': 'success',
      'g.a [1]': 'failed',
      'g.load [1]': 'upstream_failed',
    });
    expect(world.states['g.load [0.2]']).toBe('scheduled');
  });

  it('is upstream_failed or skipped as a whole when there is no list', () => {
    const failed = run(etl);
    failed.fail('extract');
    expect(failed.states.load).toBe('upstream_failed');
    const skipped = run(etl);
    skipped.skip('extract');
    expect(skipped.states.load).toBe('skipped');
  });

  it('cannot run without a list, whatever its rule', () => {
    const world = run(() => {
      const extract = task('extract', (): number[] => []);
      task('load', (_context, { n }) => n, { n: expand(extract.output) }, { triggerRule: 'all_done' });
    });
    world.fail('extract');
    expect(world.states.load).toBe('upstream_failed');
    expect(world.reasons.load).toBe('extract is failed and has made no list');
  });
});

describe('lists that are written in the file', () => {
  it('make their instances at the start of the run', () => {
    const world = run(() => {
      const load = task('load', (_context, { n }) => n, { n: expand([10, 20]) });
      task('empty', (_context, { n }) => n, { n: expand([]) });
      load.before(task('after', () => 1));
    });
    expect(world.states).toEqual({
      'load [0]': 'scheduled',
      'load [1]': 'scheduled',
      empty: 'skipped',
      after: 'none',
    });
  });

  it.each([
    [
      'two lists: every combination',
      () => task('t', () => 1, { a: expand([1, 2, 3]), b: expand(['x', 'y']) }),
      6,
    ],
    ['zip: as long as the shortest', () => task('t', () => 1, { a: expand(zip([1, 2, 3], ['x', 'y'])) }), 2],
    [
      'concat: one after the other',
      () => task('t', () => 1, { a: expand(concat([1, 2, 3], ['x', 'y'])) }),
      5,
    ],
  ])('%s', (_what, body, count) => {
    const world = run(() => void body());
    expect(Object.keys(world.states)).toHaveLength(count);
  });

  it('that would make too many leave it upstream_failed, in words', () => {
    const world = run(() => void task('t', () => 1, { a: expand([1, 2, 3]), b: expand([1, 2]) }), 5);
    expect(world.states).toEqual({ t: 'upstream_failed' });
    expect(world.reasons.t).toBe('t would have 6 instances, more than maxMapLength 5');
  });
});

describe('a mapped group', () => {
  /** tables -> per_table { read -> write } -> done; another task outside that write waits for. */
  const tables = (): void => {
    const list = task('list', (): string[] => []);
    const side = task('side', () => 1);
    const group = expandGroup('g', { table: list.output }, ({ table }) => {
      const read = task('read', (_context, { name }) => name, { name: table });
      const write = task('write', (_context, { rows }) => rows, { rows: read.output });
      side.before(write);
      return write;
    });
    task('done', (_context, { all }) => all.length, { all: group.exports.output });
  };

  it('runs each index on its own, in depth', () => {
    const world = run(tables);
    world.end('list', ['a', 'b']);
    expect(world.states).toMatchObject({
      'g.read [0]': 'scheduled',
      'g.read [1]': 'scheduled',
      'g.write [0]': 'none',
    });
    world.end('g.read [0]');
    expect(world.states['g.write [0]']).toBe('none');
    world.end('side');
    expect(world.states).toMatchObject({ 'g.write [0]': 'scheduled', 'g.write [1]': 'none' });
    world.end('g.write [0]');
    world.fail('g.read [1]');
    expect(world.states).toMatchObject({ 'g.write [1]': 'upstream_failed', done: 'upstream_failed' });
  });

  it('is skipped whole by an empty list', () => {
    const world = run(tables);
    world.end('side');
    world.end('list', []);
    expect(world.states).toEqual({
      list: 'success',
      side: 'success',
      'g.read': 'skipped',
      'g.write': 'skipped',
      done: 'skipped',
    });
  });

  it('clears one index with what is below it in the same index', () => {
    const world = run(tables);
    world.end('side');
    world.end('list', ['a', 'b']);
    for (const i of [0, 1]) {
      world.end(`g.read [${i}]`, 'x');
      world.end(`g.write [${i}]`, 'x');
    }
    world.end('done');
    world.clear({ taskIds: ['g.read'], mapPath: '1', downstream: true });
    expect(world.states).toMatchObject({
      'g.read [0]': 'success',
      'g.write [0]': 'success',
      'g.read [1]': 'scheduled',
      'g.write [1]': 'none',
      done: 'none',
    });
  });

  it('nests, and holds mapped tasks: 5 x 5 is 25', () => {
    const world = run(() => {
      const outer = task('outer', (): number[] => []);
      const group = expandGroup('g', { o: outer.output }, ({ o }) => {
        const inner = task('inner', (_context, { o }) => [o], { o });
        const leaf = task('leaf', (_context, { n }) => n, { n: expand(inner.output) });
        return task('sum', (_context, { all }) => all.length, { all: leaf.output });
      });
      task('total', (_context, { sums }) => sums.length, { sums: group.exports.output });
    });
    world.end('outer', [0, 1, 2, 3, 4]);
    for (let i = 0; i < 5; i++) world.end(`g.inner [${i}]`, [0, 1, 2, 3, 4]);
    expect(Object.keys(world.states).filter((name) => name.startsWith('g.leaf'))).toHaveLength(25);
    for (let j = 0; j < 5; j++) world.end(`g.leaf [3.${j}]`, j);
    expect(world.states).toMatchObject({ 'g.sum [3]': 'scheduled', 'g.sum [2]': 'none' });
    for (const i of [0, 1, 2, 4]) for (let j = 0; j < 5; j++) world.end(`g.leaf [${i}.${j}]`, j);
    for (let i = 0; i < 5; i++) world.end(`g.sum [${i}]`, 5);
    world.end('total');
    expect(world.run.state).toBe('success');
  });

  it('branches within an index: what one does not choose, the others still may', () => {
    const world = run(() => {
      expandGroup('g', { n: [1, 2] }, ({ n }) => {
        const [left, right] = [task('left', () => 1), task('right', () => 1)];
        branch('choose', (_context, { n }) => (n > 1 ? 'left' : 'right'), { left, right }, { n });
      });
    });
    const chosen = { kind: 'branch', chosen: ['g.left'] } as const;
    world.finish('g.choose [0]', { kind: 'success', xcoms: {}, decision: chosen });
    expect(world.states).toMatchObject({
      'g.left [0]': 'scheduled',
      'g.right [0]': 'skipped',
      'g.left [1]': 'none',
      'g.right [1]': 'none',
    });
  });
});

describe('a task mapped over what a mapped task returned', () => {
  it('has an instance for each value that is not null, when all have ended', () => {
    const world = run(() => {
      const a = task('a', (_context, { n }) => n, { n: expand([1, 2, 3]) });
      task('b', (_context, { m }) => m, { m: expand(a.output) });
    });
    world.end('a [0]', 5);
    world.end('a [1]');
    expect(world.states.b).toBe('none');
    world.end('a [2]', 6);
    expect(Object.keys(world.states).filter((name) => name.startsWith('b'))).toEqual(['b [0]', 'b [1]']);
  });
});
