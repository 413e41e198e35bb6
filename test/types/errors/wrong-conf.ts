import { DAG, EmptyOperator } from '@tsflow/core';
import { runDag } from '@tsflow/testing';
import { z } from 'zod';

const dag = new DAG({ dagId: 'wrong_conf', params: z.object({ days: z.number() }) }, () => {
  new EmptyOperator({ taskId: 'nothing' });
});

// Wrong: a test triggers the DAG with what its params refuse.
export const run = runDag(dag, { conf: { days: 'seven' } });
