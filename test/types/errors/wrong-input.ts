import { DAG, task } from '@tsflow/core';

export default new DAG({ dagId: 'wrong_input', schedule: '@daily' }, () => {
  const extract = task('extract', async () => [{ city: 'Osaka', rain: 1.5 }]);
  task('total', (_context, { rows }: { rows: number[] }) => rows.length, { rows: extract.output });
});
