import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_input' }, () => {
  const extract = task('extract', async () => [{ city: 'Osaka', rain: 1.5 }]);
  // Wrong: the output of another task has another type than the input asks for.
  task('total', (_context, { rows }: { rows: number[] }) => rows.length, { rows: extract.output });
});
