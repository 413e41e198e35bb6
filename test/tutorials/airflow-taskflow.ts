import { DAG, task } from '@tsflow/core';

/** Airflow's TaskFlow tutorial: orders are extracted, summed up and loaded; the edges follow from the values. */
export default new DAG({ dagId: 'tutorial_taskflow_api', startDate: '2021-01-01', tags: ['example'] }, () => {
  const extract = task(
    'extract',
    (): Record<string, number> => JSON.parse('{"1001": 301.27, "1002": 433.21, "1003": 502.22}'),
  );
  const transform = task(
    'transform',
    (_context, { orders }) => ({
      totalOrderValue: Object.values(orders).reduce((sum, value) => sum + value, 0),
    }),
    { orders: extract.output },
  );
  // The whole result comes in, and its type says what is in it.
  task(
    'load',
    ({ log }, { summary }) => log.info(`Total order value is: ${summary.totalOrderValue.toFixed(2)}`),
    {
      summary: transform.output,
    },
  );
  return { transform };
});
