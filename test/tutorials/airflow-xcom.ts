import { DAG, task } from '@tsflow/core';

/** Airflow's XCom example: values pushed under keys and as a result, pulled by the id of the task. */
export default new DAG({ dagId: 'example_xcom' }, () => {
  const push = task('push', ({ xcom }) => xcom.push('value from pusher 1', [1, 2, 3]));
  const byReturning = task('push_by_returning', () => ({ a: 'b' }));
  task('puller', async ({ xcom }) => [
    await xcom.pull('push', 'value from pusher 1'),
    await xcom.pull(byReturning.output),
  ]).after(push, byReturning);
});
