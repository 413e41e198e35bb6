import type { Migration } from './migrations.ts';

/**
 * What is told to somebody outside: callbacks of authors, alerts of the installation, deadlines that were missed; and the connections
 * over which tasks and notifiers reach other systems. What is still to be delivered has small partial indexes.
 */
export const outbox: Migration = {
  name: '0004-outbox',
  statements: ({ int, table, hotTable }) => [
    `create table callback (
    key ${int} primary key,
    dag_id text not null,
    run_key ${int} not null,
    task_instance_key ${int},
    attempt_id ${int},
    event text not null,
    deadline text,
    facts text not null,
    version text not null,
    state text not null,
    grant_number ${int} not null,
    created_at ${int} not null,
    end_date ${int},
    log_segment text,
    log_start ${int},
    log_end ${int},
    error text
  )${hotTable}`,
    `create index callback_pending on callback (dag_id, key) where state = 'pending'`,
    `create index callback_of_run on callback (run_key, key)`,
    `create table deadline_miss (
    run_key ${int} not null,
    name text not null,
    dag_id text not null,
    task_id text,
    due_at ${int} not null,
    missed_at ${int} not null,
    primary key (run_key, name)
  )${table}`,
    `create index deadline_miss_of_dag on deadline_miss (dag_id, due_at)`,
    `create table alert (
    id text primary key,
    kind text not null,
    facts text not null,
    state text not null,
    tries ${int} not null,
    next_at ${int} not null,
    created_at ${int} not null,
    end_date ${int},
    error text
  )${table}`,
    `create index alert_pending on alert (next_at) where state = 'pending'`,
    `create table connection (
    connection_id text primary key,
    type text not null,
    host text,
    port ${int},
    login text,
    "schema" text,
    description text,
    secret text not null,
    updated_at ${int} not null,
    updated_by text not null
  )${table}`,
    `alter table dag_run add column set_by_hand ${int} not null default 0`,
  ],
};
