import { branch, chain, DAG, EmptyOperator, group } from '@tsflow/core';

/** Airflow's branch example: one of four ways by chance, each with a task behind it, and a join that runs whichever it was. */
export default new DAG({ dagId: 'example_branch_operator', schedule: '@daily' }, () => {
  const way = (name: string) =>
    group(name, () => chain(new EmptyOperator({ taskId: 'first' }), new EmptyOperator({ taskId: 'follow' })));
  const ways = { a: way('branch_a'), b: way('branch_b'), c: way('branch_c'), d: way('branch_d') };
  const names = ['a', 'b', 'c', 'd'] as const;
  const pick = branch('branching', () => names[Math.floor(Math.random() * names.length)], ways);
  chain(new EmptyOperator({ taskId: 'run_this_first' }), pick);
  chain(
    Object.values(ways),
    new EmptyOperator({ taskId: 'join', triggerRule: 'none_failed_min_one_success' }),
  );
});
