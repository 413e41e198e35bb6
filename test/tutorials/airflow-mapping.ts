import { DAG, expand, task } from '@tsflow/core';

const options = { startDate: '2022-03-04' };

/** Airflow's dynamic task mapping: a task for each number, and one that sums them up. */
export default new DAG({ dagId: 'example_dynamic_task_mapping', ...options }, () => {
  const addOne = task('add_one', (_context, { x }) => x + 1, { x: expand([1, 2, 3]) });
  const sumIt = task(
    'sum_it',
    ({ log }, { values }) => {
      const total = values.reduce((sum, value) => sum + value, 0);
      log.info(`Total was ${total}`);
      return total;
    },
    { values: addOne.output },
  );
  return { sumIt };
});

/** And what is mapped over the output of something mapped. */
export const secondOrder = new DAG({ dagId: 'example_task_mapping_second_order', ...options }, () => {
  const getNums = task('get_nums', () => [1, 2, 3]);
  const timesTwo = task('times_2', (_context, { num }) => num * 2, { num: expand(getNums.output) });
  const addTen = task('add_10', (_context, { num }) => num + 10, { num: expand(timesTwo.output) });
  return { addTen };
});
