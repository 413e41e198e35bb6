import { chain, DAG, EmptyOperator, task } from '@tsflow/core';

export default new DAG({ dagId: 'output_has_no_order' }, () => {
  const extract = task('extract', () => 1);
  // Wrong: tasks and groups have an order, an output has none of its own.
  chain(extract.output, new EmptyOperator({ taskId: 'end' }));
});
