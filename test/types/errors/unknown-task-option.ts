import { BashOperator, DAG } from '@tsflow/core';

export default new DAG({ dagId: 'unknown_task_option' }, () => {
  // Wrong: the operator has no such option.
  new BashOperator({ taskId: 'load', command: './load.sh', retrys: 3 });
});
