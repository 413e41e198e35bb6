import { DAG, task, Variable } from '@tsflow/core';

const batch = Variable.number('batch_size', { default: 4 });

export default new DAG({ dagId: 'wrong_variable_use' }, () => {
  // Wrong: a Variable that is a number is used as a text.
  task('load', async ({ variables }) => (await variables.get(batch)).toUpperCase());
});
