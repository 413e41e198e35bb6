import { connection, DAG, task } from '@tsflow/core';
import { z } from 'zod';

const warehouse = connection(
  'warehouse',
  z.object({ host: z.string(), extra: z.object({ dataset: z.string() }) }),
);

export default new DAG({ dagId: 'wrong_connection' }, () => {
  // Wrong: the connection has no such value.
  task('load', async ({ connections }) => (await connections.get(warehouse)).extra.datset);
});
