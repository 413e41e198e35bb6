import { type Connection, connection, DAG, task } from '@tsflow/core';
import { z } from 'zod';

const warehouse = connection(
  'warehouse',
  z.object({ host: z.string(), extra: z.object({ dataset: z.string() }) }),
);
const plain = connection('plain');

export default new DAG({ dagId: 'typed_connections' }, () => {
  task(
    'load',
    async ({ connections }) => {
      const { host, extra } = await connections.get(warehouse);
      const dataset: string = extra.dataset;
      // @ts-expect-error the schema says nothing of a bucket
      extra.bucket;
      // @ts-expect-error a host is text
      const port: number = host;
      const untyped: Connection = await connections.get(plain);
      const named: Connection = await connections.get('named');
      return [dataset, port, untyped.host, named.password].length;
    },
    {},
    { connections: [warehouse, 'named'] },
  );
  // @ts-expect-error a connection is named by its id or its declaration
  task('wrong', () => 1, {}, { connections: [3] });
});
