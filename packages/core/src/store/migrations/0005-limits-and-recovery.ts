import type { Migration } from './migrations.ts';

/**
 * What limits, schedules and backfills have to remember: the concurrency key that a task instance occupies, the tasks that a run is
 * about when it is not about all of them, and up to when a schedule was told to stay silent.
 */
export const limitsAndRecovery: Migration = {
  name: '0005-limits-and-recovery',
  statements: ({ int }) => [
    'alter table task_instance add column concurrency_key text',
    'alter table dag_run add column task_ids text',
    `alter table dag add column skip_until ${int}`,
  ],
};
