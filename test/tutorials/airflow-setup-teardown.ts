import { BashOperator, chain, DAG, group, task } from '@tsflow/core';

const options = { startDate: '2021-01-01', tags: ['example'] };

/** Airflow's setup and teardown of commands: one around a task, one in a group that comes after that task. */
export default new DAG({ dagId: 'example_setup_teardown', ...options }, () => {
  const echo = (taskId: string, text: string) => new BashOperator({ taskId, command: `echo '${text}'` });
  const setup = echo('root_setup', 'Hello from root_setup').asSetup();
  const normal = echo('normal', 'I am just a normal task');
  const teardown = echo('root_teardown', 'Goodbye from root_teardown').asTeardown({ setups: setup });
  chain(setup, normal, teardown);
  const section = group('section_1', () => {
    const inner = echo('taskgroup_setup', 'Hello from taskgroup_setup').asSetup();
    const work = echo('normal', 'I am just a normal task');
    const last = echo('taskgroup_teardown', 'Goodbye from taskgroup_teardown').asTeardown({ setups: inner });
    chain(inner, work, last);
  });
  chain(normal, section);
});

/** The same with functions: three tasks of which the first and the last become setup and teardown, and a cluster around a cluster. */
export const ofFunctions = new DAG({ dagId: 'example_setup_teardown_taskflow', ...options }, () => {
  const hello = (taskId: string, n: number) => task(taskId, ({ log }) => log.info(`Hello ${n}`));
  const first = hello('my_first_task', 1);
  chain(first, hello('my_second_task', 2), hello('my_third_task', 3).asTeardown({ setups: first }));

  const outer = task('outer_setup', () => 'some cluster id').asSetup();
  const teardown = task(
    'outer_teardown',
    ({ log }, { cluster }) => log.info(`Tearing down cluster: ${cluster}`),
    {
      cluster: outer.output,
    },
  ).asTeardown({ setups: outer });
  const work = task('outer_work', ({ log }) => log.info('I am just a normal task'));
  const section = group('section_1', () => {
    const inner = task('inner_setup', () => 'some_cluster_id').asSetup();
    const inputs = { cluster: inner.output };
    const innerWork = task('inner_work', (_context, { cluster }) => `some work with ${cluster}`, inputs);
    const last = task(
      'inner_teardown',
      ({ log }, { cluster }) => log.info(`tearing down ${cluster}`),
      inputs,
    );
    chain(innerWork, last.asTeardown({ setups: inner }));
  });
  chain(outer, [work, section], teardown);
});
