import { DAG, expand, expandGroup, forEach, group, loop, repeat, task } from '@tsflow/core';
import { listDeadlines } from '@tsflow/core/queries';
import { serializeDag } from '@tsflow/core/serialization';
import { ManualClock } from '@tsflow/testing';
import { describe, expect, it, test } from 'vitest';
import { CoreRun } from '../support/core-run.ts';
import { SchedulerHarness, until } from '../support/scheduler-harness.ts';
import type { Script } from '../support/scripted-executor.ts';
import { DATABASES } from '../support/store.ts';

/**
 * A deadline that is bound to a task is about all of it: every index, every iteration. It fires once in a run, while anything of that is not done
 * or may still come, and says how much.
 */
const step = (id: string, retries = 0) => task(id, () => 1, {}, { retries });

const BODIES: Readonly<Record<string, () => unknown>> = {
  plain: () => step('a'),
  mapped: () => task('a', (_context, { n }) => n, { n: expand([1, 2, 3]) }),
  unknown: () => {
    const list = task('list', (): number[] => []);
    task('a', (_context, { n }) => n, { n: expand(list.output) });
  },
  group: () => expandGroup('g', { n: [1, 2] }, () => step('a').before(step('b'))),
  loop: () => loop('l', () => step('a'), { until: (n) => n > 1 }),
  counted: () => repeat('l', 2, () => void step('a').before(step('b'))),
  each: () => forEach('l', ['x', 'y'], () => step('a')),
  nested: () => expandGroup('g', { n: [1, 2] }, () => repeat('l', 2, () => void step('a'))),
  retried: () => group('l', () => step('a').before(step('b')), { retries: 1, retryDelay: '1s' }),
};

// biome-ignore format: a table
test.each([
  // body      task      what ended                                     what is told; null: it is met
  ['plain',    'a',      '',                                            ''],
  ['mapped',   'a',      '',                                            '3 of 3 are not done, first a [0], scheduled'],
  ['mapped',   'a',      'a[0] a[2]',                                   '1 of 3 are not done, first a [1], scheduled'],
  ['mapped',   'a',      'a[0] a[1]!',                                  '2 of 3 are not done, first a [1], failed, no'],
  ['unknown',  'a',      '',                                            ''],                                              // its list is not there
  ['unknown',  'a',      'a[0]',                                         '1 of 2 are not done, first a [1], scheduled'],
  ['group',    'g.a',    'g.a[0]',                                      '1 of 2 are not done, first g.a [1], scheduled'],
  ['group',    'g.a',    'g.a[0] g.a[1]',                               null],                                            // what comes after it is not its own
  ['group',    'g.b',    'g.a[0] g.a[1] g.b[1]',                        '1 of 2 are not done, first g.b [0], scheduled'],
  ['loop',     'l.a',    '',                                            '1 of 1 are not done, first l.a [0], scheduled'],
  ['loop',     'l.a',    'l.a[0]',                                      'loop l goes on'],                                // until is asked: it may come again
  ['loop',     'l.until','l.a[0]',                                      '1 of 1 are not done, first l.until [0], scheduled'],
  ['loop',     'l.a',    'l.a[0] l.until[0]=n',                         '1 of 2 are not done, first l.a [1], scheduled'],
  ['loop',     'l.a',    'l.a[0] l.until[0]=n l.a[1]',                  'loop l goes on'],
  ['counted',  'l.a',    'l.a[0]',                                      'loop l goes on'],                                // an iteration more, whose a is not made yet
  ['counted',  'l.a',    'l.a[0] l.b[0] l.a[1]',                        'loop l goes on'],
  ['counted',  'l.b',    'l.a[0] l.b[0]',                               '1 of 2 are not done, first l.b [1], not started'],
  ['each',     'l.a',    'l.a[0]',                                      '1 of 2 are not done, first l.a [1], scheduled'],
  ['nested',   'g.l.a',  'g.l.a[0.0] g.l.a[0.1] g.l.a[1.0]',            '1 of 4 are not done, first g.l.a [1.1], scheduled'],
  ['retried',  'l.a',    'l.a',                                         null],
  ['retried',  'l.a',    'l.a l.b! ~',                                  ''],                                              // it begins again
] as const)('%s, %s after [%s]: %s', (body, taskId, ends, told) => {
  const deadlines = [{ name: 'late', task: taskId, within: '1h' }];
  const world = CoreRun.of(() => {
    BODIES[body]!();
    // So that the run goes on.
    step('other');
  }, { deadlines });
  if (body === 'unknown' && ends !== '') world.end('list', [1, 2]);
  world.play(ends);
  expect(world.passDeadline('late')).toBe(told);
  expect(world.events.filter(({ type }) => type === 'deadline_missed')).toHaveLength(told === null ? 0 : 1);
  // Once for the run, whatever else of it is late.
  expect(world.passDeadline('late')).toBe(null);
});

// biome-ignore format: a table
test.each([
  ['loop',    'l.a', 'l.a[0] l.until[0]=y'],
  ['counted', 'l.a', 'l.a[0] l.b[0] l.a[1] l.b[1]'],
  ['nested',  'g.l.a', 'g.l.a[0.0] g.l.a[0.1] g.l.a[1.0] g.l.a[1.1]'],
] as const)('%s, %s: met when the loop is over', (body, taskId, ends) => {
  const deadlines = [{ name: 'late', task: taskId, within: '1h' }];
  const world = CoreRun.of(() => {
    BODIES[body]!();
    step('other');
  }, { deadlines });
  world.play(ends);
  expect(world.passDeadline('late')).toBe(null);
});

describe.each(DATABASES)('deadlines of tasks in loops and groups, on %s', (dialect) => {
  it('wait for their instant though their task was done for a while, and then fire once', async () => {
    const dag = serializeDag(
      new DAG({ dagId: 'looped', deadlines: [{ name: 'late', task: 'l.a', within: '1h' }] }, () => {
        loop('l', () => step('a'), { until: (n) => n > 1 });
      }),
    );
    const clock = new ManualClock('2026-01-01T00:00:00Z');
    const script: Script = ({ kind, taskId, mapPath }) => {
      if (kind !== 'execute' || (taskId === 'l.a' && mapPath === '0')) return { kind: 'success', xcoms: {} };
      return null;
    };
    await using tsflow = await SchedulerHarness.start(dialect, [dag], script, undefined, clock);
    const runId = await tsflow.trigger('looped');
    await until('the first is asked for', () =>
      tsflow.executor.running.some(({ taskId }) => taskId === 'l.until'),
    );
    const states = async () => {
      const deadlines = await listDeadlines(tsflow.store, { dagId: 'looped', runId }, clock.now());
      return deadlines.map(({ state, doneAt }) => [state, doneAt]);
    };
    // Everything that there is of `l.a` has succeeded.
    expect(await states()).toEqual([['waiting', null]]);
    const asked = tsflow.executor.running.find(({ taskId }) => taskId === 'l.until')!;
    tsflow.executor.finish(asked, {
      kind: 'success',
      xcoms: { return_value: false },
      decision: { kind: 'until', isMet: false },
    });
    const misses = () => tsflow.store.db.selectFrom('deadlineMiss').select('name').execute();
    await until('the next iteration runs', () =>
      tsflow.executor.running.some(({ taskId, mapPath }) => taskId === 'l.a' && mapPath === '1'),
    );
    expect(await misses()).toEqual([]);
    await clock.advance(3_600_000);
    await until('it is missed', async () => (await misses()).length > 0);
    const second = tsflow.executor.running.find(({ mapPath }) => mapPath === '1')!;
    await tsflow.restart();
    tsflow.executor.finish(second, { kind: 'success', xcoms: {} });
    await until('the second is asked for', () =>
      tsflow.executor.running.some(({ taskId }) => taskId === 'l.until'),
    );
    tsflow.executor.finish(tsflow.executor.running[0]!, {
      kind: 'success',
      xcoms: { return_value: true },
      decision: { kind: 'until', isMet: true },
    });
    await tsflow.runIs('looped', runId, 'success');
    expect(await misses()).toEqual([{ name: 'late' }]);
    expect((await states())[0]).toEqual(['missed', expect.any(Number)]);
  });
});
