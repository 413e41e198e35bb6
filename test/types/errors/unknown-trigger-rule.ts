import { DAG, EmptyOperator } from '@tsflow/core';

export default new DAG({ dagId: 'unknown_trigger_rule' }, () => {
  // Wrong: there is no such trigger rule.
  new EmptyOperator({ taskId: 'join', triggerRule: 'all_don' });
});
