import {
  Asset,
  AssetSensor,
  BashOperator,
  BranchOperator,
  CronDataIntervalTimetable,
  chain,
  connection,
  crossDownstream,
  DAG,
  EmailOperator,
  EmptyOperator,
  EnsureDagRunOperator,
  ExternalTaskSensor,
  email,
  expand,
  expandGroup,
  FileSensor,
  group,
  HttpOperator,
  HttpSensor,
  LatestOnlyOperator,
  Operator,
  Sensor,
  SlackOperator,
  SqlCheckOperator,
  SqlOperator,
  SqlSensor,
  shortCircuit,
  slack,
  type TaskContext,
  TaskFailed,
  TaskRescheduled,
  TaskSkipped,
  TimeSensor,
  TriggerDagRunOperator,
  task,
  Variable,
  WaitUntil,
  zip,
} from '@tsflow/core';
import { z } from 'zod';

// What docs/coming-from-airflow.md shows: each line of its tables stands here, and the test beside this file runs it.

export const operators = new DAG({ dagId: 'operators' }, () => {
  const load = new BashOperator({ taskId: 'load', command: 'echo "loaded $DAY"', env: { DAY: '{{ ds }}' } });
  const extract = task('extract', async () => [{ city: 'Osaka', rain: 1.5 }]);
  const total = task('total', (_context, { rows }) => rows[0]!.rain, { rows: extract.output });
  const ask = new HttpOperator({ taskId: 'ask', connectionId: 'api', path: '/days/{{ ds }}' });
  const insert = new SqlOperator({
    taskId: 'insert',
    connectionId: 'warehouse',
    sql: 'insert into days values ($1)',
    parameters: ['{{ ds }}'],
    exactlyOnce: true,
  });
  const check = new SqlCheckOperator({
    taskId: 'check',
    connectionId: 'warehouse',
    sql: 'select count(*) from days',
  });
  const mail = new EmailOperator({ taskId: 'mail', to: 'ann@example.com', subject: 'Days', text: 'Done' });
  const say = new SlackOperator({ taskId: 'say', text: 'Loaded {{ ds }}', channel: '#data' });
  const done = new EmptyOperator({ taskId: 'done' });
  chain(load, [ask, insert], check, [mail, say], done);
  crossDownstream([total, load], [ask, insert]);
});

interface DoubleFields {
  readonly value: number;
}

class DoubleOperator extends Operator<number, DoubleFields> {
  static override readonly fields = { value: 'template' } as const;

  execute({ log }: TaskContext, { value }: DoubleFields): number {
    log.info(`Doubling ${value}.`);
    return value * 2;
  }

  override onKill({ log }: TaskContext): void {
    log.info('What goes on outside of the process would be ended here.');
  }
}

export const ownOperator = new DAG({ dagId: 'own_operator' }, () => {
  const one = task('one', () => 1);
  const double = new DoubleOperator({ taskId: 'double', value: one.output });
  return { double };
});

export const values = new DAG(
  {
    dagId: 'values',
    params: z.object({ mode: z.enum(['all', 'day']).default('day') }),
    defaultArgs: { retries: 2, retryDelay: '5m', owner: 'data' },
  },
  ({ task, params }) => {
    const batch = Variable.number('batch_size', { default: 4 });
    const warehouse = connection('warehouse', z.object({ host: z.string() }));
    const push = task('push', ({ xcom }) => xcom.push('rows', 3));
    const read = task('read', async ({ xcom, variables, connections, params }) => [
      await xcom.pull('push', 'rows'),
      await variables.get(batch),
      (await connections.get(warehouse)).host,
      params.mode,
    ]).after(push);
    const mode = task('mode', (_context, { mode }) => mode, { mode: params.mode });
    const macros = new BashOperator({
      taskId: 'macros',
      command: 'echo "$DAY $NEXT $FROM"',
      env: {
        DAY: '{{ ds | ds_nodash }}',
        NEXT: '{{ macros.ds_add(ds, 1) }}',
        FROM: "{{ dataIntervalStart | format('yyyy-MM-dd') }}",
      },
    });
    const since = task(
      'since',
      async ({ dagRuns }) => (await dagRuns.previousSuccess())?.dataInterval.end ?? 'never',
    );
    return { read, mode, macros, since };
  },
);

export const groups = new DAG({ dagId: 'groups' }, () => {
  const create = task('create', () => 'cluster-1').asSetup();
  const remove = task('remove', () => 'gone').asTeardown({ setups: create });
  const load = group('load', () => {
    const read = task('read', () => 1);
    task('write', (_context, { value }) => value, { value: read.output });
  });
  chain(create, load, remove);
});

export const choices = new DAG({ dagId: 'choices' }, () => {
  const full = new EmptyOperator({ taskId: 'full' });
  const day = new EmptyOperator({ taskId: 'day' });
  const pick = new BranchOperator({
    taskId: 'pick',
    call: ({ runType }) => (runType === 'manual' ? 'full' : 'day'),
  });
  const join = new EmptyOperator({ taskId: 'join', triggerRule: 'none_failed_min_one_success' });
  chain(pick, [full, day], join);

  const isOpen = shortCircuit('is_open', ({ logicalDate }) => logicalDate.getUTCDay() !== 0);
  const newest = new LatestOnlyOperator({ taskId: 'newest' });
  chain(join, isOpen, newest, new EmptyOperator({ taskId: 'tell' }));

  task('skipped', () => {
    throw new TaskSkipped('nothing new');
  });
  task(
    'broken',
    () => {
      throw new TaskFailed('no retry helps');
    },
    {},
    { retries: 3 },
  );
  task('later', ({ calls }) => {
    if (calls === 0) throw new TaskRescheduled('10m');
    return 'second call';
  });
});

export const mapping = new DAG({ dagId: 'mapping' }, () => {
  const list = task('list', () => ['a', 'b']);
  const read = task('read', (_context, { table, mode }) => `${mode} ${table}`, {
    table: expand(list.output),
    mode: 'all',
  });
  const shout = BashOperator.partial({ taskId: 'shout', command: 'echo "$TABLE!"' }).expand({
    env: list.output.map((table) => ({ TABLE: table })),
  });
  const pairs = task('pairs', (_context, { pair: [table, day] }) => `${table}${day}`, {
    pair: expand(zip(list.output, [1, 2])),
  });
  const cross = task('cross', (_context, { x, y }) => x + y, { x: expand([1, 2]), y: expand([10, 20]) });
  const some = task('some', (_context, { table }) => table, {
    table: expand(list.output.filter((table) => table !== 'a')),
  });
  const all = task('all', (_context, { results }) => results.join(), { results: read.output });
  const names = task(
    'names',
    (_context, { table }) => table,
    { table: expand(list.output) },
    { mapIndexTemplate: '{{ table }}' },
  );
  const each = expandGroup('each', { table: list.output }, ({ table }) => {
    const size = task('size', (_context, { table }) => table.length, { table });
    return task('write', (_context, { size }) => size, { size: size.output });
  });
  return { read, shout, pairs, cross, some, all, names, each };
});

const work = () => void task('work', ({ dataInterval }) => dataInterval.start.toISOString());
const orders = new Asset('orders');
const prices = new Asset('prices');

export const schedules = [
  new DAG({ dagId: 'cron', schedule: '0 3 * * *', timezone: 'Asia/Tokyo', startDate: '2026-01-01' }, work),
  new DAG({ dagId: 'delta', schedule: { every: '10m' } }, work),
  new DAG({ dagId: 'several', schedule: ['0 3 * * *', '30 12 * * sat'] }, work),
  new DAG({ dagId: 'once', schedule: '@once' }, work),
  new DAG({ dagId: 'by_hand', schedule: null }, work),
  new DAG({ dagId: 'two', schedule: new CronDataIntervalTimetable('0 3 * * *') }, work),
  new DAG({ dagId: 'caught_up', schedule: '@daily', startDate: '2026-01-01', catchup: true }, work),
  new DAG({ dagId: 'on_both', schedule: [orders, prices] }, work),
  new DAG({ dagId: 'on_either', schedule: orders.or(prices) }, work),
  new DAG({ dagId: 'on_asset_or_time', schedule: { assets: [orders], time: '0 3 * * *' } }, work),
  new DAG({ dagId: 'writes', schedule: '@hourly' }, () => {
    task('write', () => 1, {}, { outlets: [orders] });
  }),
];

export const limits = new DAG(
  {
    dagId: 'limits',
    maxActiveRuns: 1,
    maxActiveTasks: Variable.number('limits_parallelism', { default: 8 }),
    onOverlap: 'skip',
  },
  () => {
    task('pooled', () => 1, {}, { pool: 'warehouse', poolSlots: 2, priorityWeight: 10 });
    task('alone', () => 1, {}, { maxActiveTisPerDag: 1 });
    task('few', (_context, { n }) => n, { n: expand([1, 2, 3]) }, { maxActiveTisPerDagrun: 2 });
    task('keyed', () => 1, {}, { concurrencyKey: 'salesforce' });
    task('ordered', () => 1, {}, { dependsOnPast: true });
  },
);

class RowsThere extends Sensor<number, { readonly path: string }> {
  static override readonly fields = { ...Sensor.fields, path: 'template' } as const;

  async poke(_context: TaskContext, { path }: { readonly path: string }): Promise<number | null> {
    return path.endsWith('2026-03-01') ? path.length : null;
  }
}

export const sensors = new DAG({ dagId: 'sensors' }, () => {
  chain(
    new TimeSensor({ taskId: 'until_six', time: '06:00' }),
    new WaitUntil({
      taskId: 'until',
      until: ({ dataInterval }) => new Date(dataInterval.end.getTime() + 60_000),
    }),
    new FileSensor({
      taskId: 'arrived',
      path: '/data/{{ ds }}.csv',
      pokeInterval: '30s',
      timeout: '1h',
      softFail: true,
    }),
    new HttpSensor({ taskId: 'ready', url: 'https://api.example.com/{{ ds }}', mode: 'reschedule' }),
    new SqlSensor({ taskId: 'rows', connectionId: 'warehouse', sql: 'select 1 from days' }),
    new RowsThere({ taskId: 'own', path: 'days/{{ ds }}' }),
  );
});

export const load = new DAG(
  { dagId: 'load', params: z.object({ table: z.string().default('all') }) },
  ({ task }) => {
    task('rows', ({ params }) => params.table);
  },
);

export const crossDag = new DAG({ dagId: 'cross_dag' }, () => {
  chain(
    new TriggerDagRunOperator({
      taskId: 'start',
      dagId: 'load',
      conf: { table: 'days' },
      waitForCompletion: true,
    }),
    new EnsureDagRunOperator({ taskId: 'loaded', dagId: 'load' }),
    new ExternalTaskSensor({ taskId: 'after', dagId: 'load', externalTaskId: 'rows', timeout: '2h' }),
    new AssetSensor({ taskId: 'news', asset: orders, since: 'runStart', timeout: '1h', softFail: true }),
  );
});

export const alarms = new DAG(
  {
    dagId: 'alarms',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    dagRunTimeout: '12h',
    deadlines: [
      { name: 'published', task: 'publish', by: '10:00', onMiss: slack('#data') },
      { name: 'whole', within: '8h', onMiss: email({ to: 'ann@example.com' }) },
    ],
    onFailure: slack({ channel: '#data', text: '{{ dagId }} failed: {{ reason }}' }),
  },
  () => {
    task(
      'publish',
      () => 1,
      {},
      {
        executionTimeout: '7h30m',
        retries: 2,
        retryExponentialBackoff: true,
        onRetry: ({ tryNumber, log }) => log.warn(`Try ${tryNumber} failed.`),
      },
    );
  },
);
