import { DAG, task } from '@tsflow/core';

/** Airflow's TaskFlow tutorial: orders are extracted, summed up and loaded; the edges follow from the values. */
export default new DAG({ dagId: 'tutorial_taskflow_api' }, () => {
  const extract = task(
    'extract',
    (): Record<string, number> => JSON.parse('{"1001": 301.27, "1002": 433.21, "1003": 502.22}'),
  );
  const transform = task(
    'transform',
    (_context, { orders }) => ({ total: Object.values(orders).reduce((sum, value) => sum + value, 0) }),
    { orders: extract.output },
  );
  task('load', ({ log }, { summary }) => log.info(`Total order value is: ${summary.total.toFixed(2)}`), {
    summary: transform.output,
  });
  return { transform };
});
