import type { Migration } from './migrations.ts';

/**
 * Assets: what DAGs say about them, who has to do with them, their events, and the events that reached DAGs which are scheduled on them.
 * `asset_arrival` is the run's list of what made it, and (with its small partial index) what waits for the rest of a condition.
 */
export const assets: Migration = {
  name: '0007-assets',
  statements: ({ int, table, keyedTable }) => [
    `create table asset (
    name text not null,
    dag_id text not null,
    uri text,
    description text,
    freshness_ms ${int},
    primary key (name, dag_id)
  )${keyedTable}`,
    `create index asset_of_dag on asset (dag_id)`,
    `create table asset_use (
    dag_id text not null,
    asset text not null,
    role text not null,
    task_id text not null,
    primary key (dag_id, asset, role, task_id)
  )${keyedTable}`,
    `create index asset_use_of on asset_use (asset, role)`,
    `create table asset_event (
    event_id ${int} primary key,
    asset text not null,
    at ${int} not null,
    partition_key text,
    extra text not null,
    actor text not null,
    dag_id text,
    run_key ${int},
    run_id text,
    task_id text,
    map_path text,
    interval_start ${int},
    interval_end ${int},
    idempotency_key text
  )${table}`,
    `create index asset_event_of on asset_event (asset, event_id)`,
    `create index asset_event_at on asset_event (asset, at)`,
    `create index asset_event_of_partition on asset_event (asset, partition_key, at) where partition_key is not null`,
    `create index asset_event_of_run on asset_event (run_key) where run_key is not null`,
    `create unique index asset_event_idempotency_key on asset_event (idempotency_key) where idempotency_key is not null`,
    `create table asset_arrival (
    dag_id text not null,
    event_id ${int} not null,
    asset text not null,
    partition_key text,
    at ${int} not null,
    interval_start ${int},
    interval_end ${int},
    state text not null,
    run_key ${int},
    primary key (dag_id, event_id)
  )${table}`,
    `create index asset_arrival_pending on asset_arrival (dag_id) where state = 'pending'`,
    `create index asset_arrival_of_run on asset_arrival (run_key) where run_key is not null`,
  ],
};
