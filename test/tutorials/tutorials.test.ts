import { fails, failsForGood, returns, runDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';
import branching from './airflow-branching.ts';
import fundamental from './airflow-fundamental.ts';
import mapping from './airflow-mapping.ts';
import paramsDag from './airflow-params.ts';
import setupTeardown from './airflow-setup-teardown.ts';
import shortCircuit from './airflow-short-circuit.ts';
import taskflow from './airflow-taskflow.ts';
import xcom from './airflow-xcom.ts';
import forEach from './digdag-for-each.ts';
import hello from './digdag-hello.ts';

test('fundamental: three commands, the template rendered, sleeping without sleeping', async () => {
  const run = await runDag(fundamental, {
    logicalDate: '2021-01-02',
    tasks: { sleep: takes('5s', fails(3, { afterwards: returns(null) })) },
  });
  run.assertSucceeded();
  expect(run.tries).toEqual({ print_date: 1, sleep: 4, templated: 1 });
  expect(run.logs('templated')).toEqual(['2021-01-02', '2021-01-09', '2021-01-02', '2021-01-09']);
});

test('TaskFlow: the total of the orders', async () => {
  const run = await runDag(taskflow);
  expect(run.assertSucceeded().output(taskflow.exports.transform).total).toBeCloseTo(1236.7);
  expect(run.logs('load')).toEqual(['Total order value is: 1236.70']);
  expect(run.order).toEqual(['extract', 'transform', 'load']);
});

test.each(['a', 'b', 'c', 'd'])('branching: way %s alone, and the join', async (way) => {
  const run = await runDag(branching, { tasks: { branching: returns(`branch_${way}`) } });
  run.assertSucceeded().assertStates({ join: 'success' });
  for (const other of ['a', 'b', 'c', 'd']) {
    const state = other === way ? 'success' : 'skipped';
    run.assertStates({ [`branch_${other}.first`]: state, [`branch_${other}.follow`]: state });
  }
});

test('branching: by chance it is always one of them', async () => {
  const { states } = (await runDag(branching)).assertSucceeded();
  expect(
    Object.entries(states).filter(([id, state]) => id.endsWith('.follow') && state === 'success'),
  ).toHaveLength(1);
});

test('short-circuit: who runs and who is skipped', async () => {
  (await runDag(shortCircuit)).assertSucceeded().assertStates({
    true_1: 'success',
    true_2: 'success',
    false_1: 'skipped',
    false_2: 'skipped',
    task_1: 'success',
    task_2: 'success',
    task_3: 'success',
    task_5: 'success',
    short_circuit: 'success',
    task_4: 'skipped',
    task_6: 'skipped',
    task_7: 'success',
  });
});

test('mapping: the sum of what was added', async () => {
  const run = (await runDag(mapping)).assertSucceeded();
  expect(run.output(mapping.exports.sumIt)).toBe(9);
  expect(run.output('add_one[2]')).toBe(4);
});

test('setup and teardown: the cluster goes also when the query fails', async () => {
  (await runDag(setupTeardown)).assertSucceeded().assertStates({ delete_cluster: 'success' });
  const failed = await runDag(setupTeardown, { tasks: { run_query: failsForGood() } });
  failed.assertFailed().assertStates({ delete_cluster: 'success' });
  expect(failed.output('delete_cluster')).toBe('cluster-1');
});

test('params: defaults, what was given, and what is refused', async () => {
  expect((await runDag(paramsDag)).output('generate')).toEqual([
    'Hello Linda!',
    'Hello Martha!',
    'Hello Thomas!',
  ]);
  const run = await runDag(paramsDag, { conf: { greeting: 'Bonjour', names: ['Ann'] } });
  expect(run.output('generate')).toEqual(['Bonjour Ann!']);
  expect(run.output('show')).toBe('Bonjour from example_params');
  // @ts-expect-error no such greeting
  await expect(runDag(paramsDag, { conf: { greeting: 'Moin' } })).rejects.toThrow(/greeting/);
});

test('XCom: pulled by key and by task', async () => {
  expect((await runDag(xcom)).output('puller')).toEqual([[1, 2, 3], { a: 'b' }]);
});

test('Digdag: what init writes says what it says there', async () => {
  const run = (await runDag(hello, { logicalDate: '2017-01-10T00:00:00Z' })).assertSucceeded();
  const said = ['setup', 'disp_current_date', 'teardown'].map((taskId) => run.output(taskId));
  expect(said).toEqual([
    'start 2017-01-10T00:00:00+00:00',
    '2017-01-10 00:00:00 +00:00',
    'finish 2017-01-10T00:00:00+00:00',
  ]);
  expect(run.output(hello.exports.repeat)).toEqual([
    'first dog',
    'first cat',
    'second dog',
    'second cat',
    'third dog',
    'third cat',
  ]);
  expect([run.order.slice(0, 2), run.order.at(-1)]).toEqual([['setup', 'disp_current_date'], 'teardown']);
});

test('Digdag: for_each over two lists, and an if that is false', async () => {
  const run = (await runDag(forEach)).assertSucceeded();
  expect(run.output(forEach.exports.eat)).toEqual(['eat apple', 'throw apple', 'eat orange', 'throw orange']);
  run.assertStates({ more: 'skipped' });
});
