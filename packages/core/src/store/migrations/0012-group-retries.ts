import type { Migration } from './migrations.ts';

/**
 * What groups that are tried again have to remember: one row for each that began more than once (or is about to), and the tries of its
 * groups beside each attempt.
 */
export const groupRetries: Migration = {
  name: '0012-group-retries',
  statements: ({ int, table }) => [
    `create table group_try (
    run_key ${int} not null,
    group_id text not null,
    map_path text not null,
    dag_id text not null,
    try_number ${int} not null,
    max_tries ${int} not null,
    failed_key ${int},
    primary key (run_key, group_id, map_path)
  )${table}`,
    'alter table attempt add column group_tries text',
  ],
};
