import {
  chain,
  DAG,
  EnsureDagRunOperator,
  ExternalRunSensor,
  ExternalTaskSensor,
  TriggerDagRunOperator,
  task,
} from '@tsflow/core';
import { z } from 'zod';
import { example } from '../shared/example.ts';

// Four ways to depend on another DAG: start a run of it with params of one's own, see to it that the run of the day is there, wait for one
// of its tasks, wait for the whole run. None of them holds a process while it waits.

const tags = ['example', 'waiting'];

export const load = new DAG(
  {
    ...example,
    dagId: 'load_table',
    description: 'What other DAGs need: one table of a day',
    params: z.object({ table: z.string().default('orders') }),
    tags,
  },
  ({ task: typed }) => {
    typed('load', ({ params, ds }) => `${params.table} of ${ds}`);
  },
);

export default new DAG(
  {
    ...example,
    dagId: 'after_other_dags',
    description: 'Starts, ensures and waits for runs of load_table',
    tags,
  },
  () => {
    const tables = ['users', 'items'].map(
      (table) =>
        new TriggerDagRunOperator({
          taskId: `load_${table}`,
          dagId: load.dagId,
          conf: { table },
          waitForCompletion: true,
        }),
    );
    const orders = new EnsureDagRunOperator({ taskId: 'orders', dagId: load.dagId });
    const checked = new ExternalTaskSensor({
      taskId: 'orders_loaded',
      dagId: load.dagId,
      externalTaskId: 'load',
      timeout: '6h',
    });
    const ended = new ExternalRunSensor({ taskId: 'orders_ended', dagId: load.dagId, timeout: '6h' });
    chain(
      tables,
      orders,
      [checked, ended],
      task('report', ({ ds }) => `report of ${ds}`),
    );
  },
);
