import type { Migration } from './migrations.ts';

/**
 * What a waiting attempt waits for, so that a wait survives its scheduler. `waits_for_dag` finds the waits on a DAG: its holder
 * reads them when it takes the DAG over, and answers them as runs and tasks of it end.
 */
export const waiting: Migration = {
  name: '0003-waiting',
  statements: ({ int }) => [
    `alter table task_instance add column begun_at ${int}`,
    `alter table attempt add column waiting text`,
    `alter table attempt add column waits_for_dag text`,
    `create index attempt_waits_for_dag on attempt (waits_for_dag) where state = 'deferred'`,
  ],
};
