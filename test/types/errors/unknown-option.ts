import { BashOperator, DAG } from '@tsflow/core';

export default new DAG({ dagId: 'unknown_option', shedule: '@daily' }, () => {
  new BashOperator({ taskId: 'load', command: './load.sh' });
});
