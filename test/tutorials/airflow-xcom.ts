import { BashOperator, DAG, task } from '@tsflow/core';

/** Airflow's XCom example: values pushed under a key and as a result, by functions and by a command, and pulled by both. */
export default new DAG(
  { dagId: 'example_xcom', schedule: '@once', startDate: '2021-01-01', tags: ['example'] },
  () => {
    const bashPush = new BashOperator({
      taskId: 'bash_push',
      command: 'echo "bash_push demo" && echo \'{"returned": "value_by_return", "manually": "pushed"}\'',
      outputProcessor: (line) => JSON.parse(line) as { returned: string; manually: string },
    });
    new BashOperator({
      taskId: 'bash_pull',
      command:
        'echo "bash pull demo" && echo "The manual value is $MANUALLY" && echo "The returned value is $RETURNED"',
      env: {
        MANUALLY: async ({ xcom }) => (await xcom.pull(bashPush.output))!.manually,
        RETURNED: async ({ xcom }) => (await xcom.pull(bashPush.output))!.returned,
      },
      output: 'none',
    }).after(bashPush);
    task(
      'pull_value_from_bash_push',
      ({ log }, { pushed }) => log.info(`A command gave ${pushed.returned} and ${pushed.manually}`),
      { pushed: bashPush.output },
    );

    const push = task('push', ({ xcom }) => xcom.push('value from pusher 1', [1, 2, 3]));
    const byReturning = task('push_by_returning', () => ({ a: 'b' }));
    const puller = task(
      'puller',
      async ({ xcom }, { second }) => [await xcom.pull('push', 'value from pusher 1'), second] as const,
      { second: byReturning.output },
    ).after(push);
    return { puller };
  },
);
