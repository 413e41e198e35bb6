import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'missing_input' }, () => {
  // Wrong: an input that the function takes is not given.
  task('total', (_context, { rows }: { rows: number[] }) => rows.length);
});
