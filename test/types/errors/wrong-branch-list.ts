import { branch, DAG, EmptyOperator } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_branch_list' }, () => {
  const full = new EmptyOperator({ taskId: 'full' });
  const part = new EmptyOperator({ taskId: 'part' });
  // Wrong: one of several choices is none of the targets.
  branch('pick', () => ['full', 'whole'], { full, part });
});
