import { DAG, EmptyOperator, Variable } from '@tsflow/core';

export default new DAG(
  // Wrong: a limit is a number, and this Variable is a text.
  { dagId: 'wrong_variable', maxActiveTasks: Variable.string('parallelism_of_mine', { default: '4' }) },
  () => {
    new EmptyOperator({ taskId: 'nothing' });
  },
);
