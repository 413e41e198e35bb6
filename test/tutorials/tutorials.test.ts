import { fails, failsForGood, returns, runDag, takes } from '@tsflow/testing';
import { expect, test } from 'vitest';
import branching from './airflow-branching.ts';
import fundamental from './airflow-fundamental.ts';
import mapping, { secondOrder } from './airflow-mapping.ts';
import paramsDag from './airflow-params.ts';
import setupTeardown, { ofFunctions } from './airflow-setup-teardown.ts';
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
  expect(run.logs('templated')).toEqual(Array(5).fill(['2021-01-02', '2021-01-09']).flat());
});

test('TaskFlow: the total of the orders', async () => {
  const run = await runDag(taskflow);
  expect(run.assertSucceeded().output(taskflow.exports.transform).totalOrderValue).toBeCloseTo(1236.7);
  expect(run.logs('load')).toEqual(['Total order value is: 1236.70']);
  expect(run.order).toEqual(['extract', 'transform', 'load']);
});

test.each([
  ['a', 'd'],
  ['b', 'c'],
  ['c', 'b'],
  ['d', 'a'],
])('branching: way %s alone and the join, then way %s of the program outside', async (way, outside) => {
  const run = await runDag(branching, {
    tasks: { branching: returns(`branch_${way}`), choose_ext: returns(outside) },
  });
  run.assertSucceeded().assertStates({ join: 'success', join_ext: 'success' });
  for (const other of ['a', 'b', 'c', 'd']) {
    const state = other === way ? 'success' : 'skipped';
    run.assertStates({ [`branch_${other}`]: state, [`follow_${other}`]: state });
    run.assertStates({ [`ext_${other}`]: other === outside ? 'success' : 'skipped' });
  }
  expect(run.logs(`branch_${way}`)).toEqual(['Hello World']);
  expect(run.logs(`ext_${outside}`)).toEqual(['Hello World from another program']);
});

test('branching: by chance it is always one of them', async () => {
  const { states } = (await runDag(branching)).assertSucceeded();
  const taken = (prefix: string) =>
    Object.entries(states).filter(([id, state]) => id.startsWith(prefix) && state === 'success');
  expect([taken('branch_').length, taken('follow_').length, taken('ext_').length]).toEqual([1, 1, 1]);
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
  expect(run.logs('sum_it')).toEqual(['Total was 9']);
  expect(run.output('add_one[2]')).toBe(4);
});

test('mapping: over what is mapped', async () => {
  const run = (await runDag(secondOrder)).assertSucceeded();
  expect(run.output('add_10')).toEqual([12, 14, 16]);
});

const SECTION = ['section_1.taskgroup_setup', 'section_1.normal', 'section_1.taskgroup_teardown'];

// biome-ignore format: a table
test.each([
  // fails                        the run     what comes out of it
  [null,                          'success',  { normal: 'success', root_teardown: 'success', [SECTION[1]!]: 'success', [SECTION[2]!]: 'success' }],
  ['root_setup',                  'failed',   { normal: 'upstream_failed', root_teardown: 'upstream_failed', [SECTION[0]!]: 'upstream_failed' }],
  ['normal',                      'failed',   { root_teardown: 'success', [SECTION[0]!]: 'upstream_failed', [SECTION[2]!]: 'upstream_failed' }],
  ['section_1.normal',            'failed',   { root_teardown: 'success', [SECTION[2]!]: 'success' }],
  ['section_1.taskgroup_teardown','success',  { root_teardown: 'success', [SECTION[1]!]: 'success' }],
] as const)('setup and teardown: %s fails', async (fails_, state, states) => {
  const run = await runDag(setupTeardown, { tasks: fails_ === null ? {} : { [fails_]: failsForGood() } });
  expect(run.state).toBe(state);
  run.assertStates(states);
});

test('setup and teardown of functions: each cluster goes, also when the work on it failed', async () => {
  const run = await runDag(ofFunctions, {
    tasks: { 'section_1.inner_work': failsForGood(), my_second_task: failsForGood() },
  });
  run.assertFailed().assertStates({ my_third_task: 'success', outer_work: 'success' });
  expect(run.logs('section_1.inner_teardown')).toEqual(['tearing down some_cluster_id']);
  expect(run.logs('outer_teardown')).toEqual(['Tearing down cluster: some cluster id']);
  // The inner one goes first: it stands on the outer one.
  expect(run.order.indexOf('section_1.inner_work')).toBeLessThan(run.order.indexOf('outer_teardown'));
  (await runDag(ofFunctions)).assertSucceeded();
});

type Conf = { names?: string[]; english?: boolean; german?: boolean; french?: boolean };
const LANGUAGES = ['english', 'german', 'french'] as const;

// biome-ignore format: a table
test.each([
  // given                                                    what is printed
  [{ names: ['Ann', 'Bo'] },                                  ['Hello Ann!', 'Hello Bo!', 'Sehr geehrter Herr/Frau Ann.', 'Sehr geehrter Herr/Frau Bo.', 'Bonjour Ann!', 'Bonjour Bo!']],
  [{ german: false, french: false },                          ['Hello Linda!', 'Hello Martha!', 'Hello Thomas!']],
  [{ names: ['Ann'], english: false },                        ['Sehr geehrter Herr/Frau Ann.', 'Bonjour Ann!']],
  [{ english: false, german: false, french: false },          ['sad, nobody to greet :-(']],
  [{ names: [] },                                             ['sad, nobody to greet :-(']],
] as [Conf, string[]][])('params: %j', async (conf, printed) => {
  const run = (await runDag(paramsDag, { conf })).assertSucceeded();
  expect(run.logs('print_greetings')).toEqual(printed);
  for (const language of LANGUAGES)
    if (conf[language] === false)
      expect(Object.entries(run.states).filter(([id]) => id.includes(language)).map(([, state]) => state)).toContain('skipped');
});

test('params: what does not fit is refused', async () => {
  // @ts-expect-error no list of names
  await expect(runDag(paramsDag, { conf: { names: 'Ann' } })).rejects.toThrow(/names/);
});

test('XCom: pulled by key and by task, by functions and commands', async () => {
  const run = (await runDag(xcom)).assertSucceeded();
  expect(run.output(xcom.exports.puller)).toEqual([[1, 2, 3], { a: 'b' }]);
  expect(run.logs('bash_pull')).toEqual([
    'bash pull demo',
    'The manual value is pushed',
    'The returned value is value_by_return',
  ]);
  expect(run.output('bash_pull')).toBeNull();
  expect(run.logs('pull_value_from_bash_push')).toEqual(['A command gave value_by_return and pushed']);
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

test('Digdag: for_each over two lists, one pair after the other', async () => {
  const run = (await runDag(forEach)).assertSucceeded();
  expect(run.output('repeat.verbs.echo')).toEqual(['eat apple', 'throw apple', 'eat orange', 'throw orange']);
  const echoes = run.attempts.filter(({ taskId }) => taskId.startsWith('repeat.verbs.echo'));
  expect(echoes.map(({ taskId }) => taskId)).toEqual(
    ['0.0', '0.1', '1.0', '1.1'].map((path) => `repeat.verbs.echo[${path}]`),
  );
});

test.each([
  [true, 'true == true', { do: 'success', else: 'skipped' }],
  [false, 'false == false', { do: 'skipped', else: 'success' }],
] as const)('Digdag: if> of %s', async (param, said, sides) => {
  const run = (await runDag(forEach, { conf: { param } })).assertSucceeded();
  expect(run.output(forEach.exports.said)).toBe(said);
  run.assertStates({
    'run_if_param_is_true.do.echo_true': sides.do,
    'run_if_param_is_true.else.echo_false': sides.else,
  });
});
