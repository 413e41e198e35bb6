import { BashOperator, chain, DAG } from '@tsflow/core';

/** Airflow's first tutorial: a date, a command with retries of its own, a template with a loop and a macro; all of it documented. */
export default new DAG(
  {
    dagId: 'tutorial',
    description: 'The first tutorial',
    doc: 'Anything that is worth knowing about the DAG, as Markdown.',
    schedule: { every: '1d' },
    startDate: '2021-01-01',
    catchup: false,
    defaultArgs: { dependsOnPast: false, retries: 1, retryDelay: '5m' },
    tags: ['example'],
  },
  () => {
    const printDate = new BashOperator({
      taskId: 'print_date',
      command: 'date',
      doc: '#### What it does\nPrints the date.',
    });
    const sleep = new BashOperator({ taskId: 'sleep', command: 'sleep 5', retries: 3 });
    const templated = new BashOperator({
      taskId: 'templated',
      command: '{% for i in range(5) %}echo "{{ ds }}"; echo "{{ ds | ds_add(7) }}"; {% endfor %}',
    });
    chain(printDate, [sleep, templated]);
  },
);
