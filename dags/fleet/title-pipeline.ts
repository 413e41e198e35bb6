import { chain, DAG, type DagOptions, group, SqlOperator, task, Variable } from '@tsflow/core';
import { EXAMPLES_DB, example } from '../shared/example.ts';

/** What one title brings of its own: everything else all titles share. */
export interface Title {
  readonly title: string;
  readonly zone: string;
  /** Hour of the day in its zone. */
  readonly hour: number;
  /** Default: the database of the examples. */
  readonly connectionId?: string;
}

/** The pipeline of a title: its own id, zone, connection and Variables; a change here is a change for all of them. */
export function titlePipeline({ title, zone, hour, connectionId = EXAMPLES_DB }: Title): DAG {
  const options: DagOptions = {
    ...example,
    dagId: `title_${title}`,
    description: `The daily summary of ${title}`,
    schedule: `0 ${hour} * * *`,
    timezone: zone,
    maxActiveTasks: Variable.number(`title_${title}_parallelism`, { default: 2 }),
    tags: ['example', 'fleet', title],
  };
  return new DAG(options, () => {
    const common = group('common', () => {
      for (const what of ['access', 'sales', 'install'])
        task(what, ({ ds }) => `${what} of ${title} on ${ds}`);
    });
    const summary = new SqlOperator({
      taskId: 'summary',
      connectionId,
      sql: `create table if not exists summary (title text, day text, primary key (title, day));
            insert or replace into summary values ('${title}', '{{ ds }}')`,
    });
    chain(common, summary);
  });
}
