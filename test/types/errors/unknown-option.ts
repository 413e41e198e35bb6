import { BashOperator, DAG } from '@tsflow/core';

// Wrong: the DAG has no such option.
export default new DAG({ dagId: 'unknown_option', shedule: '@daily' }, () => {
  new BashOperator({ taskId: 'load', command: './load.sh' });
});
