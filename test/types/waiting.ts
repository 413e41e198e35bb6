import {
  chain,
  DAG,
  DurableOperator,
  ExternalTaskSensor,
  FileSensor,
  HttpSensor,
  type Json,
  Sensor,
  SqlSensor,
  type TaskContext,
  TaskDeferred,
  type TaskOutput,
  TimeSensor,
  Trigger,
  task,
  WaitUntil,
} from '@tsflow/core';

/** What compiles of sensors, triggers and durable operators, and what must not. */

const outputIs =
  <T>() =>
  (output: TaskOutput<T>): TaskOutput<T> =>
    output;

class Rows extends Sensor<number, { readonly table: string }> {
  static override readonly fields = { ...Sensor.fields, table: 'template' } as const;
  poke(context: TaskContext, { table }: { readonly table: string }): number | null {
    return context.calls > 0 ? table.length : null;
  }
}

class Wrong extends Sensor<number> {
  // @ts-expect-error a look gives the output, a boolean or nothing
  poke(): string {
    return 'three';
  }
}

class Arrived extends Trigger<{ readonly topic: string }, { readonly offset: number }> {
  async run(): Promise<{ readonly offset: number }> {
    return { offset: this.args.topic.length };
  }
}

class Query extends DurableOperator<{ readonly id: string }, number[], { readonly sql: string }> {
  static override readonly fields = { ...DurableOperator.fields, sql: 'template' } as const;
  name(context: TaskContext) {
    return { id: String(context.attemptId) };
  }
  submit(_context: TaskContext, _job: { readonly id: string }, fields: { readonly sql: string }): void {
    void fields.sql;
  }
  poll() {
    return { done: [1, 2] };
  }
  cancel(): void {}
}

export default new DAG({ dagId: 'waiting' }, () => {
  const rows = new Rows({
    taskId: 'rows',
    table: ({ ds }) => `t_${ds}`,
    pokeInterval: '30s',
    onTimeout: 'continue',
  });
  outputIs<number | undefined | null>()(rows.output);
  const query = new Query({ taskId: 'query', sql: 'select 1', pollInterval: '5s' });
  outputIs<number[]>()(query.output);
  new WaitUntil({ taskId: 'until', until: ({ logicalDate }) => logicalDate });
  new TimeSensor({ taskId: 'six', time: '06:00', softFail: true });
  new FileSensor({ taskId: 'file', path: '/data/{{ ds }}', mode: 'reschedule' });
  new HttpSensor<number>({ taskId: 'http', url: 'http://x', responseCheck: (response) => response.status });
  new ExternalTaskSensor({
    taskId: 'other',
    dagId: 'load',
    externalTaskId: 'check',
    failedStates: ['failed'],
  });
  const sql = new SqlSensor({ taskId: 'sql', connectionId: 'db', sql: 'select 1' });
  chain(sql, query);
  outputIs<Json>()(sql.output);
  task('sleeper', (context) => context.sleep('10s'));
  task('trigger', () => {
    throw new TaskDeferred(new Arrived({ topic: 'orders' }), { timeout: '1h' });
  });

  // @ts-expect-error no such mode
  new Rows({ taskId: 'mode', table: 't', mode: 'sleep' });
  // @ts-expect-error the table is missing
  new Rows({ taskId: 'table' });
  // @ts-expect-error a task does not end as running
  new ExternalTaskSensor({ taskId: 'state', dagId: 'load', externalTaskId: 'x', allowedStates: ['running'] });
  // @ts-expect-error the task is missing
  new ExternalTaskSensor({ taskId: 'task', dagId: 'load' });
  // @ts-expect-error the trigger's arguments have other names
  new Arrived({ queue: 'orders' });
  void Wrong;
});
