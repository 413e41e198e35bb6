import { BashOperator, DAG } from '@tsflow/core';
import { z } from 'zod';

export default new DAG(
  { dagId: 'unknown_param', params: z.object({ mode: z.enum(['all', 'incremental']) }) },
  ({ params }) => {
    // Wrong: the DAG has no such param.
    new BashOperator({ taskId: 'load', command: './load.sh "$MODE"', env: { MODE: params.mod } });
  },
);
