import {
  BashOperator,
  chain,
  DAG,
  DeltaSensor,
  EmailOperator,
  EnsureDagRunOperator,
  email,
  expand,
  expandGroup,
  FileSensor,
  group,
  HttpOperator,
  SqlOperator,
  shortCircuit,
  slack,
  TaskFailed,
  TriggerDagRunOperator,
  task,
  Variable,
} from '@tsflow/core';
import { z } from 'zod';

// What docs/coming-from-digdag.md shows: each line of its tables stands here, and the test beside this file runs it.

export const workflow = new DAG(
  {
    dagId: 'workflow',
    schedule: '0 7 * * *',
    timezone: 'Asia/Tokyo',
    defaultArgs: { retries: 3, retryDelay: '10s' },
    onFailure: slack({ text: 'failed: {{ dagId }} of {{ ds }}' }),
  },
  () => {
    const first = new BashOperator({
      taskId: 'first',
      command: 'echo "session $DAY $TZ"',
      env: { DAY: '{{ ds }}', TZ: '{{ timezone }}' },
    });
    const parallel = group('parallel', () => {
      new BashOperator({ taskId: 'a', command: 'echo a' });
      new BashOperator({ taskId: 'b', command: 'echo b' });
    });
    const limited = group(
      'limited',
      () => {
        for (const id of ['x', 'y', 'z']) task(id, () => id);
      },
      { maxActiveTasks: Variable.number('limited_at_once', { default: 2 }) },
    );
    const check = task('check', () => 'all is well');
    const error = task('error', () => 'told', {}, { triggerRule: 'one_failed' });
    chain(first, parallel, limited, [check, error]);
    const beside = task('beside', () => 'in the background');
    chain(first, beside);
  },
);

export const session = new DAG({ dagId: 'session', schedule: '@daily', timezone: 'Asia/Tokyo' }, () => {
  const variables = new BashOperator({
    taskId: 'variables',
    command: 'echo "$DATE $COMPACT $LAST $NEXT $TIME"',
    env: {
      DATE: '{{ ds }}',
      COMPACT: '{{ ds | ds_nodash }}',
      LAST: "{{ dataIntervalStart | format('yyyy-MM-dd') }}",
      NEXT: '{{ ds | ds_add(1) }}',
      TIME: "{{ logicalDate | format('HH:mm') }}",
    },
  });
  const last = task('last', async ({ dagRuns }) => (await dagRuns.previousSuccess())?.logicalDate ?? 'never');
  return { variables, last };
});

export const values = new DAG(
  { dagId: 'values_of_digdag', params: z.object({ table: z.string().default('users') }) },
  ({ task, params }) => {
    const store = task('store', () => ({ my_param: 1 }));
    const read = task('read', (_context, { stored, table }) => `${stored.my_param} ${table}`, {
      stored: store.output,
      table: params.table,
    });
    const secret = new BashOperator({
      taskId: 'secret',
      command: 'test -n "$TOKEN" && echo used',
      env: { TOKEN: async ({ connections }) => (await connections.get('shop')).password },
    });
    return { read, secret };
  },
);

export const loops = new DAG(
  { dagId: 'loops', params: z.object({ hungry: z.boolean().default(false) }) },
  ({ params }) => {
    const each = task('each', (_context, { fruit, verb }) => `${verb} ${fruit}`, {
      fruit: expand(['apple', 'orange']),
      verb: expand(['eat', 'throw']),
    });
    const range = task('range', (_context, { i }) => i * 10, { i: expand([0, 1, 2]) });
    const isHungry = shortCircuit('is_hungry', (_context, { hungry }) => hungry, { hungry: params.hungry });
    chain(
      isHungry,
      task('eat', () => 'eaten'),
    );
    const users = new SqlOperator({
      taskId: 'users',
      connectionId: 'db',
      sql: 'select name, amount from users',
    });
    const rows = task('rows', (_context, { result }) => result.rows, { result: users.output });
    expandGroup('each_user', { user: rows.output }, ({ user }) => {
      new EmailOperator({
        taskId: 'mail',
        to: user.map((row) => `${row.name}@example.com`),
        subject: 'Your bill',
        text: user.map((row) => `Dear ${row.name}: ${row.amount}`),
      });
    });
    task('never', () => {
      throw new TaskFailed('the data is wrong');
    });
    return { each, range };
  },
);

export const waits = new DAG({ dagId: 'waits' }, () => {
  const ask = new HttpOperator({ taskId: 'ask', url: 'https://api.example.com/users' });
  const last = task('last', (_context, { content }) => content, { content: ask.output });
  chain(
    last,
    new DeltaSensor({ taskId: 'wait', delta: '10m', from: 'runStart' }),
    new FileSensor({ taskId: 'arrived', path: '/data/{{ ds }}.csv', timeout: '6h', onTimeout: 'continue' }),
    new SqlOperator({
      taskId: 'insert',
      connectionId: 'db',
      sql: 'insert into done values (1)',
      exactlyOnce: true,
    }),
  );
});

export const ingest = new DAG(
  { dagId: 'ingest', params: z.object({ table: z.string().default('all') }) },
  ({ task }) => {
    task('read', ({ params }) => params.table);
  },
);

export const mart = new DAG({ dagId: 'mart' }, () => {
  const loaded = new EnsureDagRunOperator({ taskId: 'loaded', dagId: 'ingest' });
  const call = new TriggerDagRunOperator({
    taskId: 'call',
    dagId: 'ingest',
    conf: { table: 'users' },
    waitForCompletion: true,
  });
  chain(
    loaded,
    call,
    task('build', () => 'built'),
  );
});

export const sla = new DAG(
  {
    dagId: 'sla_of_digdag',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    deadlines: [
      { name: 'by_ten', by: '10:00', onMiss: email({ to: 'ann@example.com' }) },
      { name: 'two_hours', within: '2h', onMiss: slack('#data') },
    ],
    dagRunTimeout: '12h',
    skipDelayedBy: '4h',
    onOverlap: 'skip',
  },
  () => void task('work', () => 1),
);
