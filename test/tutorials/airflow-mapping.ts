import { DAG, expand, task } from '@tsflow/core';

/** Airflow's dynamic task mapping: a task for each number, and one that sums them up. */
export default new DAG({ dagId: 'example_dynamic_task_mapping' }, () => {
  const addOne = task('add_one', (_context, { x }) => x + 1, { x: expand([1, 2, 3]) });
  const sumIt = task('sum_it', (_context, { values }) => values.reduce((sum, value) => sum + value, 0), {
    values: addOne.output,
  });
  return { sumIt };
});
