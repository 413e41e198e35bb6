import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'misnamed_input' }, () => {
  const extract = task('extract', () => [1, 2]);
  // Wrong: the input is given under another name.
  task('total', (_context, { rows }) => rows.length, { row: extract.output });
});
