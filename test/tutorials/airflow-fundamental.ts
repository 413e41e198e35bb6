import { BashOperator, chain, DAG } from '@tsflow/core';

/** Airflow's first tutorial: a date, a command with retries of its own, a template with a loop and a macro. */
export default new DAG(
  {
    dagId: 'tutorial',
    schedule: { every: '1d' },
    startDate: '2021-01-01',
    defaultArgs: { retries: 1, retryDelay: '5m' },
    tags: ['example'],
  },
  () => {
    const printDate = new BashOperator({ taskId: 'print_date', command: 'date' });
    const sleep = new BashOperator({ taskId: 'sleep', command: 'sleep 5', retries: 3 });
    const templated = new BashOperator({
      taskId: 'templated',
      command: '{% for i in range(2) %}echo "{{ ds }}"; echo "{{ ds | ds_add(7) }}"; {% endfor %}',
    });
    chain(printDate, [sleep, templated]);
  },
);
