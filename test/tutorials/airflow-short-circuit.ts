import { chain, DAG, EmptyOperator, shortCircuit } from '@tsflow/core';

/** Airflow's short-circuit example: one condition lets its tasks run, one skips all below, one skips direct downstream alone. */
export default new DAG(
  { dagId: 'example_short_circuit_operator', startDate: '2021-01-01', tags: ['example'] },
  () => {
    const empty = (taskId: string) => new EmptyOperator({ taskId });
    chain(
      shortCircuit('condition_is_True', () => true),
      empty('true_1'),
      empty('true_2'),
    );
    chain(
      shortCircuit('condition_is_False', () => false),
      empty('false_1'),
      empty('false_2'),
    );
    chain(
      empty('task_1'),
      [
        empty('task_2'),
        shortCircuit('short_circuit', () => false, {}, { ignoreDownstreamTriggerRules: false }),
      ],
      [empty('task_3'), empty('task_4')],
      [empty('task_5'), empty('task_6')],
      new EmptyOperator({ taskId: 'task_7', triggerRule: 'all_done' }),
    );
  },
);
