import { BashOperator, chain, DAG, EmptyOperator } from '@tsflow/core';

// What a crontab line becomes: the script stays as it is, and gets retries, a time limit, a log and a date.

export default new DAG(
  {
    dagId: 'disk_report',
    description: 'A shell script every hour: how full the disk is',
    schedule: '@hourly',
    pausedUponCreation: true,
    tags: ['example', 'shell'],
    owner: 'examples',
    defaultArgs: { retries: 2, retryDelay: '10s', executionTimeout: '1m' },
  },
  () => {
    const measure = new BashOperator({
      taskId: 'measure',
      command: './disk_report.sh',
      env: { HOUR: ({ ts }) => ts, LIMIT_PERCENT: '95' },
    });
    const greet = new BashOperator({ taskId: 'greet', command: 'echo "The report of {{ ds }} is done."' });
    chain(measure, greet, new EmptyOperator({ taskId: 'done' }));
  },
);
