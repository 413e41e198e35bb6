import { DAG, SqlOperator } from '@tsflow/core';

export default new DAG({ dagId: 'missing_partial_option' }, () => {
  // Wrong: an option that the operator needs is neither in partial nor in expand.
  SqlOperator.partial({ taskId: 'load' }).expand({ sql: ['select 1', 'select 2'] });
});
