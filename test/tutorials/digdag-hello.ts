import { BashOperator, chain, DAG, expand, task } from '@tsflow/core';

/** What `digdag init` writes: a start, the date of the session, a loop over two lists, an end. */
export default new DAG({ dagId: 'mydag', timezone: 'UTC' }, () => {
  const TIME = '{{ logicalDate | format("yyyy-MM-dd\'T\'HH:mm:ssxxx") }}';
  const setup = new BashOperator({ taskId: 'setup', command: 'echo "start $TIME"', env: { TIME } });
  const date = new BashOperator({
    taskId: 'disp_current_date',
    command: 'echo "$DATE"',
    env: { DATE: "{{ logicalDate | format('yyyy-MM-dd HH:mm:ss xxx') }}" },
  });
  const repeat = task('repeat', (_context, { order, animal }) => `${order} ${animal}`, {
    order: expand(['first', 'second', 'third']),
    animal: expand(['dog', 'cat']),
  });
  const teardown = new BashOperator({ taskId: 'teardown', command: 'echo "finish $TIME"', env: { TIME } });
  chain(setup, date, repeat, teardown);
  return { repeat };
});
