import { DAG, EmptyOperator, Variable } from '@tsflow/core';

export default new DAG(
  { dagId: 'wrong_variable', maxActiveTasks: Variable.string('parallelism_of_mine', { default: '4' }) },
  () => {
    new EmptyOperator({ taskId: 'nothing' });
  },
);
