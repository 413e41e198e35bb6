import { BashOperator, DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_field' }, () => {
  const count = task('count', () => 3);
  // Wrong: a number is given where an operator's field takes text.
  new BashOperator({ taskId: 'load', command: count.output });
});
