import { BashOperator, branch, chain, DAG, EmptyOperator, email, group, task, Variable } from '@tsflow/core';
import { z } from 'zod';

// What docs/coming-from-cron-and-jenkins.md shows: each line of its tables stands here, and the test beside this file runs it.

export const nightly = new DAG(
  {
    dagId: 'nightly',
    schedule: '15 3 * * 1-5',
    timezone: 'Europe/Berlin',
    maxActiveRuns: 1,
    onOverlap: 'skip',
    jitter: '10m',
    onFailure: email({ to: 'ops@example.com' }),
  },
  () => {
    const dump = new BashOperator({
      taskId: 'dump',
      command: 'echo "dump of $DAY for $MAILTO"',
      env: { DAY: '{{ ds }}', MAILTO: 'ops@example.com' },
      executionTimeout: '2h',
      retries: 3,
      retryDelay: '5m',
    });
    const upload = new BashOperator({ taskId: 'upload', command: 'echo uploaded', priorityWeight: 10 });
    const prune = new BashOperator({ taskId: 'prune', command: 'echo pruned' });
    chain(dump, upload, prune);
  },
);

export const atBoot = new DAG({ dagId: 'at_boot', schedule: '@once' }, () => {
  new BashOperator({ taskId: 'prepare', command: 'echo ready' });
});

export const quarterHourly = new DAG({ dagId: 'quarter_hourly', schedule: '*/15 * * * *' }, () => {
  new BashOperator({ taskId: 'poll', command: 'echo polled' });
});

export const pipeline = new DAG(
  {
    dagId: 'pipeline',
    params: z.object({ target: z.enum(['staging', 'production']).default('staging') }),
    dagRunTimeout: '1h',
  },
  ({ params }) => {
    const build = new BashOperator({ taskId: 'build', command: 'echo built' });
    const tests = group('tests', () => {
      new BashOperator({ taskId: 'unit', command: 'echo ok' });
      new BashOperator({ taskId: 'browser', command: 'echo ok', retries: 2, retryDelay: 0 });
    });
    const staging = new EmptyOperator({ taskId: 'staging' });
    const production = new BashOperator({
      taskId: 'production',
      command: 'echo out',
      concurrencyKey: 'production',
    });
    const where = branch(
      'where',
      (_context, { target }) => target,
      { staging, production },
      { target: params.target },
    );
    const cleanUp = task('clean_up', () => 'clean').asTeardown();
    const tell = task('tell', () => 'told', {}, { triggerRule: 'one_failed' });
    chain(build, tests, where);
    chain([staging, production], cleanUp);
    tell.after(build, tests);
  },
);

export const agents = new DAG(
  { dagId: 'agents', maxActiveTasks: Variable.number('agents_at_once', { default: 2 }) },
  () => {
    const scripts = ['a', 'b', 'c'].map(
      (id) => new BashOperator({ taskId: id, command: 'echo "$BUILD"', env: { BUILD: '{{ runId }}' } }),
    );
    const report = task('report', async ({ xcom }) =>
      Promise.all(['a', 'b', 'c'].map((id) => xcom.pull(id))),
    );
    chain(scripts, report);
  },
);
