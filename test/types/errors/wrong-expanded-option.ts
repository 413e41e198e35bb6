import { BashOperator, DAG } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_expanded_option' }, () => {
  // Wrong: the elements of the list are none that the option takes.
  BashOperator.partial({ taskId: 'say', command: 'echo "$N"' }).expand({ env: [1, 2] });
});
