import { DAG, expand, expandGroup, loop, type Operator, repeat, task } from '@tsflow/core';
import { applyTrigger } from '@tsflow/core/intents';
import { buildDagGraph, Changes, newDagWork } from '@tsflow/core/rules';
import { serializeDag } from '@tsflow/core/serialization';
import { describe, expect, it, test } from 'vitest';
import { parseTasks } from '../support/played-dag.ts';
import { SchedulerHarness } from '../support/scheduler-harness.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { DATABASES } from '../support/store.ts';

/** A run with an end: it is about one task, or group, and what is before it. */

// biome-ignore format: a table
test.each([
  // dag                                                up to    the run is about
  ['a -> b -> c -> d',                                  'c',     'a b c'],
  ['a -> b -> c -> d',                                  'a',     'a'],
  ['a -> b -> c; a -> x -> c; b -> y',                  'c',     'a b x c'],                      // not beside it
  ['a -> g.b -> g.c -> d',                              'g',     'a g.b g.c'],
  ['s setup -> a -> b -> t teardown; s -> t',           'a',     's a t'],                        // what is set up is torn down
  ['s setup -> a -> t teardown -> z; s -> t',           'z',     's a t z'],
  ['a all_done -> b',                                   'b',     'a b'],
] as const)('of %s, up to %s', (text, upTo, expected) => {
  const dag = newDagWork(buildDagGraph(serializedDag('d', parseTasks(text)), 'v1'), 1_024);
  const run = applyTrigger(dag, { conf: {}, upTo }, ports, 'ann', new Changes(0));
  expect([...run.taskIds!].sort()).toEqual(expected.split(' ').sort());
  expect(run.graph.tasks.map(({ spec }) => spec.taskId)).toEqual(run.taskIds);
});

test('up to a task that is none is refused by name', () => {
  const dag = newDagWork(buildDagGraph(serializedDag('d', parseTasks('load -> report')), 'v1'), 1_024);
  const trigger = () => applyTrigger(dag, { conf: {}, upTo: 'loads' }, ports, 'ann', new Changes(0));
  expect(trigger).toThrow('Did you mean "load"?');
});

const at = new Date(0);
const ports = { key: 1, random: 'x', conf: {}, manualInterval: () => ({ start: at, end: at }) };
const etl = serializedDag('etl', parseTasks('a -> b -> c -> d'));

const numbers = () => task('numbers', () => [1, 2]).output;
const step = () => task('step', () => 1);

// biome-ignore format: a table
test.each<[string, (first: Operator) => void]>([
  // what stands behind `first`, and is left out
  ['a mapped task',                 (first) => { first.before(task('each', (_context, { n }) => n, { n: expand(numbers()) })); }],
  ['a group mapped over a list',    (first) => { first.before(expandGroup('each', { n: [1, 2] }, step)); }],
  ['a group mapped over an output', (first) => { first.before(expandGroup('each', { n: numbers() }, step)); }],
  ['a loop',                        (first) => { first.before(repeat('round', 2, step)); }],
  ['a loop until something holds',  (first) => { first.before(loop('round', step, { until: (n) => n > 0 })); }],
])('makes nothing of what it is not about: %s', async (_what, add) => {
  const dag = new DAG({ dagId: 'd' }, () => add(task('first', () => 1)));
  await using tsflow = await SchedulerHarness.start('sqlite', [serializeDag(dag)], () => ({ kind: 'success', xcoms: {} }));
  const { runId } = (await tsflow.ask('d', { kind: 'trigger', payload: { conf: {}, upTo: 'first' } })) as { runId: string };
  await tsflow.runIs('d', runId, 'success');
  expect(await tsflow.states('d', runId)).toEqual({ first: 'success' });
});

describe.each(DATABASES)('a run up to a task, on %s', (dialect) => {
  it('runs with its own params, ends there, and stays about that when it is cleared', async () => {
    await using tsflow = await SchedulerHarness.start(dialect, [etl], () => ({ kind: 'success', xcoms: {} }));
    const payload = { conf: { x: 2 }, upTo: 'c' };
    const { runId } = (await tsflow.ask('etl', { kind: 'trigger', payload })) as { runId: string };
    await tsflow.runIs('etl', runId, 'success');
    const granted = tsflow.executor.granted.map(({ taskId, conf }) => [taskId, conf]);
    expect(granted).toEqual(['a', 'b', 'c'].map((taskId) => [taskId, { x: 2 }]));
    await tsflow.ask('etl', { kind: 'clear', payload: { runId, taskIds: ['b'], downstream: true } });
    await tsflow.taskIs('etl', runId, 'c', 'success');
    await tsflow.runIs('etl', runId, 'success');
    expect(Object.keys(await tsflow.states('etl', runId))).toEqual(['a', 'b', 'c']);
  });
});
