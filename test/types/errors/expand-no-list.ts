import { DAG, expand, task } from '@tsflow/core';

export default new DAG({ dagId: 'expand_no_list' }, () => {
  const count = task('count', () => 3);
  // Wrong: a task is mapped over what is no list.
  task('each', (_context, { n }) => n, { n: expand(count.output) });
});
