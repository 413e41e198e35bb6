import { BashOperator, branch, chain, DAG, EmptyOperator, task } from '@tsflow/core';

/**
 * Airflow's branch example: one of four ways by chance, each a task with another behind it, and a join that runs whichever it was. Then once
 * more, with a program of its own that chooses and another that runs.
 */
export default new DAG(
  {
    dagId: 'example_branch_operator',
    schedule: '@daily',
    startDate: '2021-01-01',
    tags: ['example', 'example2'],
  },
  () => {
    const options = ['a', 'b', 'c', 'd'] as const;
    const joined = (taskId: string) =>
      new EmptyOperator({ taskId, triggerRule: 'none_failed_min_one_success' });

    const way = (option: string) => task(`branch_${option}`, ({ log }) => log.info('Hello World'));
    const ways = { a: way('a'), b: way('b'), c: way('c'), d: way('d') };
    const branching = branch('branching', () => options[Math.floor(Math.random() * options.length)]!, ways);
    const join = joined('join');
    chain(new EmptyOperator({ taskId: 'run_this_first' }), branching);
    for (const option of options)
      chain(ways[option], new EmptyOperator({ taskId: `follow_${option}` }), join);

    const choose = new BashOperator({
      taskId: 'choose_ext',
      command: `ways=(${options.join(' ')}); echo "\${ways[RANDOM % 4]}"`,
      outputProcessor: (line) => line as (typeof options)[number],
    });
    const wayOutside = (option: string) =>
      new BashOperator({ taskId: `ext_${option}`, command: 'echo "Hello World from another program"' });
    const waysOutside = { a: wayOutside('a'), b: wayOutside('b'), c: wayOutside('c'), d: wayOutside('d') };
    branch('branching_ext', (_context, { chosen }) => chosen, waysOutside, { chosen: choose.output });
    chain(join, choose);
    chain(Object.values(waysOutside), joined('join_ext'));
  },
);
