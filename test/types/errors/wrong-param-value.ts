import { DAG } from '@tsflow/core';
import { z } from 'zod';

export default new DAG(
  { dagId: 'wrong_param_value', params: z.object({ mode: z.enum(['all', 'incremental']) }) },
  ({ task, params }) => {
    // Wrong: a param is compared with what it can never be.
    task('all', (_context, { mode }) => mode === 'some', { mode: params.mode });
  },
);
