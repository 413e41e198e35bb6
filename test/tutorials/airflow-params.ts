import { BashOperator, DAG } from '@tsflow/core';
import { z } from 'zod';

/** Airflow's params examples: a form with types, defaults and bounds; the values reach a task and a template. */
export default new DAG(
  {
    dagId: 'example_params',
    params: z.object({
      names: z.array(z.string()).default(['Linda', 'Martha', 'Thomas']),
      greeting: z.enum(['Hello', 'Bonjour', 'Guten Tag']).default('Hello'),
    }),
  },
  ({ task, params }) => {
    task('generate', (_context, { names, greeting }) => names.map((name) => `${greeting} ${name}!`), {
      names: params.names,
      greeting: params.greeting,
    });
    new BashOperator({ taskId: 'show', command: 'echo "{{ params.greeting }} from {{ dagId }}"' });
  },
);
