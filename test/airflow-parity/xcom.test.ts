import { DAG, task } from '@tsflow/core';
import { fails, returns, runDag } from '@tsflow/testing';
import { expect, test } from 'vitest';

const circle: { self?: unknown } = {};
circle.self = circle;

const producer = (value: unknown) =>
  new DAG({ dagId: 'xcom' }, () => {
    const give = task('give', () => value);
    task('take', (_context, { got }) => ({ got }), { got: give.output });
  });

// biome-ignore format: a table
test.each([
  // what it returns                     what a reader gets
  ['a number',       3,                  3],
  ['a text',         'ä\u0001',          'ä\u0001'],
  ['nested',         { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ['a Date',         new Date(0),        '1970-01-01T00:00:00.000Z'],
  ['null',           null,               null],
  ['undefined',      undefined,          null],
  ['a hole',         { a: undefined },   {}],
])('%s', async (_what, value, expected) => {
  const run = await runDag(producer(value));
  expect(run.assertSucceeded().output('take')).toEqual({ got: expected });
});

test('undefined pushes nothing', async () => {
  expect((await runDag(producer(undefined))).xcoms.give).toBeUndefined();
});

// biome-ignore format: a table
test.each([
  ['NaN',            Number.NaN,                    /NaN/],
  ['Infinity',       { a: [Infinity] },             /Infinity/],
  ['a BigInt',       10n,                           /BigInt|bigint/],
  ['a circle',       circle,                        /circ|cycl|itself/i],
  ['too much',       'x'.repeat(1_100_000),         /1 MiB|1048576|1\.0 MiB/],
])('%s fails the task in words, and nothing is half written', async (_what, value, message) => {
  const run = await runDag(producer(value));
  run.assertStates({ give: 'failed', take: 'upstream_failed' });
  expect(run.attempts[0]!.error!.message).toMatch(message);
  expect(run.xcoms).toEqual({});
});

test('a new try starts clean, and a reader sees the last one', async () => {
  const dag = new DAG({ dagId: 'tries', defaultArgs: { retries: 1 } }, () => {
    task('give', ({ xcom, tryNumber }) => {
      xcom.push(`try${tryNumber}`, true);
      if (tryNumber === 1) throw new Error('half way');
      return tryNumber;
    });
  });
  expect((await runDag(dag)).assertSucceeded().xcoms.give).toEqual({ try2: true, return_value: 2 });
});

test('a skipped or failed upstream task reads as null', async () => {
  const dag = new DAG({ dagId: 'nulls' }, () => {
    const give = task('give', (): number => 1);
    task('take', (_context, { got }) => ({ got }), { got: give.output }, { triggerRule: 'all_done' });
  });
  expect((await runDag(dag, { tasks: { give: fails() } })).output('take')).toEqual({ got: null });
});

test('any task of the run may pull by id and key', async () => {
  const dag = new DAG({ dagId: 'pull' }, () => {
    const give = task('give', ({ xcom }) => xcom.push('rows', [1, 2]));
    task('take', async ({ xcom }) => ({
      rows: await xcom.pull('give', 'rows'),
      none: await xcom.pull('give'),
    })).after(give);
  });
  expect((await runDag(dag)).output('take')).toEqual({ rows: [1, 2], none: null });
});

test('a fake counts as the task: its value goes the same way', async () => {
  const run = await runDag(producer(1), { tasks: { give: returns(new Date(0)) } });
  expect(run.output('take')).toEqual({ got: '1970-01-01T00:00:00.000Z' });
});
