import { BashOperator, chain, DAG, group } from '@tsflow/core';

/** Digdag's first workflow: steps one after the other, a group in parallel, variables of the session, and a retry. */
export default new DAG({ dagId: 'hello_digdag', schedule: '0 7 * * *', timezone: 'Asia/Tokyo' }, () => {
  const env = { SESSION: ({ ts }: { ts: string }) => ts, ANIMAL: 'elephant' };
  const setup = new BashOperator({ taskId: 'setup', command: 'echo "start $SESSION"', env });
  const parallel = group('disp_current_date', () => {
    new BashOperator({ taskId: 'date', command: 'date -u -d "$SESSION" +%F', env });
    new BashOperator({ taskId: 'animal', command: 'echo "$ANIMAL"', env, retries: 3, retryDelay: 0 });
  });
  chain(setup, parallel, new BashOperator({ taskId: 'repeat', command: 'echo "end {{ ds }}"' }));
});
