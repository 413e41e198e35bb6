import { DAG, expand, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_element' }, () => {
  const tables = task('tables', () => [{ name: 'users', rows: 3 }]);
  // Wrong: an element of the list that a task is mapped over is used as it is not.
  task('load', (_context, { table }) => table.nmae, { table: expand(tables.output) });
});
