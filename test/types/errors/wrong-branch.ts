import { branch, DAG, EmptyOperator } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_branch' }, () => {
  const full = new EmptyOperator({ taskId: 'full' });
  const part = new EmptyOperator({ taskId: 'part' });
  // Wrong: a branch chooses what is none of its targets.
  branch('pick', () => 'whole', { full, part });
});
