import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_use' }, () => {
  const extract = task('extract', async () => [{ city: 'Osaka', rain: 1.5 }]);
  // Wrong: a value that an upstream task returns is used as it is not.
  task('names', (_context, { rows }) => rows.map((row) => row.name), { rows: extract.output });
});
