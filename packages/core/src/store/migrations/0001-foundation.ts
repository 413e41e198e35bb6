import type { SchemaWords } from '../dialect.ts';

/**
 * The first schema. Indexes of hot tables are few on purpose: each costs every transition. What is active is found through its
 * run, and runs that are not finished have one small partial index.
 */
export const foundation = {
  name: '0001-foundation',
  statements: (words: SchemaWords): readonly string[] => [
    ...schedulers(words),
    ...catalog(words),
    ...runs(words),
    ...events(words),
    ...requests(words),
    ...settings(words),
    ...people(words),
  ],
};

const schedulers = ({ int, table, hotTable }: SchemaWords) => [
  `create table scheduler (
    id text primary key,
    host text not null,
    pid ${int} not null,
    turn ${int} not null,
    beat ${int} not null,
    beat_at ${int} not null,
    started_at ${int} not null,
    stopped_at ${int},
    socket_path text,
    last_turn_ms ${int}
  )${hotTable}`,
  `create table sequence (name text primary key, next ${int} not null)${hotTable}`,
  `insert into sequence (name, next) values ('key', 1), ('variable_revision', 0)`,
  `create table counter (name text primary key, used ${int} not null)${hotTable}`,
  `insert into counter (name, used) values ('parallelism', 0)`,
  `create table runner (
    runner_id text primary key,
    scheduler_id text not null,
    host text not null,
    boot_id text not null,
    pid ${int} not null,
    pid_start text not null,
    started_at ${int} not null,
    ended_at ${int}
  )${table}`,
  `create index runner_open on runner (host) where ended_at is null`,
];

const catalog = ({ int, table, hotTable, keyedTable }: SchemaWords) => [
  `create table dag (
    dag_id text primary key,
    file text not null,
    current_version text,
    is_stale ${int} not null,
    description text,
    tags text not null,
    owner text,
    schedule text not null,
    timezone text not null,
    defined_at ${int} not null,
    holder text,
    epoch ${int} not null,
    is_paused ${int} not null,
    mark ${int},
    mark_version text,
    next_tick ${int}
  )${hotTable}`,
  `create index dag_file_of on dag (file)`,
  `create table dag_version (
    version text primary key,
    dag_id text not null,
    number ${int} not null,
    bundle text not null,
    entry text not null,
    file text not null,
    serialized text not null,
    lockfile_digest text,
    created_at ${int} not null
  )${table}`,
  `create unique index dag_version_number on dag_version (dag_id, number)`,
  `create table version_file (
    bundle text not null,
    path text not null,
    content text not null,
    primary key (bundle, path)
  )${table}`,
  `create table dag_file (
    path text primary key,
    digest text not null,
    modified_at ${int} not null,
    parsed_at ${int} not null,
    parse_ms ${int} not null,
    dag_ids text not null
  )${table}`,
  `create table import_error (
    file text primary key,
    kind text not null,
    message text not null,
    line ${int},
    "column" ${int},
    code_frame text,
    stack text,
    since ${int} not null,
    seen_at ${int} not null
  )${keyedTable}`,
];

const runs = ({ int, table, hotTable, keyedTable }: SchemaWords) => [
  `create table dag_run (
    key ${int} primary key,
    dag_id text not null,
    run_id text not null,
    run_type text not null,
    slot ${int},
    logical_date ${int} not null,
    data_interval_start ${int} not null,
    data_interval_end ${int} not null,
    state text not null,
    version text not null,
    conf text not null,
    queued_at ${int} not null,
    start_date ${int},
    end_date ${int},
    triggered_by text,
    note text,
    reason text,
    target_state text,
    backfill_key ${int},
    ordinal ${int} not null,
    clear_number ${int} not null,
    partition_key text
  )${hotTable}`,
  `create unique index dag_run_id on dag_run (dag_id, run_id)`,
  `create unique index dag_run_slot on dag_run (dag_id, slot) where slot is not null`,
  // Written as "or": SQLite proves that state = 'queued' implies it, which it cannot for "in".
  `create index dag_run_open on dag_run (dag_id, state, backfill_key, ordinal) where state = 'queued' or state = 'running'`,
  `create index dag_run_logical_date on dag_run (dag_id, logical_date)`,
  `create index dag_run_newest on dag_run (dag_id, key)`,
  `create index dag_run_queued_at on dag_run (queued_at)`,
  `create table task_instance (
    key ${int} primary key,
    run_key ${int} not null,
    dag_id text not null,
    task_id text not null,
    map_path text not null,
    map_sort text not null,
    state text not null,
    try_number ${int} not null,
    infra_number ${int} not null,
    max_tries ${int} not null,
    attempt_id ${int},
    grant_number ${int} not null,
    scheduled_at ${int},
    queued_at ${int},
    start_date ${int},
    end_date ${int},
    next_at ${int},
    target_state text,
    reason text,
    decision text,
    priority_weight ${int} not null,
    pool text not null,
    pool_slots ${int} not null
  )${hotTable}`,
  `create unique index task_instance_of_run on task_instance (run_key, task_id, map_path)`,
  `create table attempt (
    attempt_id ${int} primary key,
    task_instance_key ${int} not null,
    run_key ${int} not null,
    dag_id text not null,
    task_id text not null,
    map_path text not null,
    try_number ${int} not null,
    infra_number ${int} not null,
    version text not null,
    state text not null,
    grant_number ${int} not null,
    queued_at ${int} not null,
    start_date ${int},
    end_date ${int},
    runner_id text,
    host text,
    pid ${int},
    process_groups text,
    log_segment text,
    log_start ${int},
    log_end ${int},
    error text,
    rendered text,
    saved_state text
  )${hotTable}`,
  `create index attempt_of_task_instance on attempt (task_instance_key)`,
  `create table xcom (
    attempt_id ${int} not null,
    key text not null,
    value text not null,
    primary key (attempt_id, key)
  )${keyedTable}`,
  `create table backfill (
    key ${int} primary key,
    dag_id text not null,
    from_date ${int} not null,
    to_date ${int} not null,
    options text not null,
    state text not null,
    actor text not null,
    created_at ${int} not null,
    end_date ${int},
    "cursor" ${int},
    total ${int} not null,
    created ${int} not null,
    existing ${int} not null,
    in_flight ${int} not null,
    cleared ${int} not null,
    succeeded ${int} not null,
    failed ${int} not null
  )${table}`,
  `create index backfill_of_dag on backfill (dag_id)`,
];

const EVENT_COLUMNS = (int: string) => `
    at ${int} not null,
    dag_id text,
    run_key ${int},
    task_instance_key ${int},
    attempt_id ${int},
    type text not null,
    from_state text,
    to_state text,
    actor text not null,
    data text`;

/**
 * Differs because PostgreSQL numbers rows before it commits them: the live cursor goes by transaction, and months are partitions
 * that can be dropped. On SQLite the id alone is the order of commit.
 */
const events = ({ dialect, int, table }: SchemaWords) =>
  dialect === 'sqlite'
    ? [
        `create table event (
    id integer primary key autoincrement,${EVENT_COLUMNS(int)}
  )${table}`,
        `create index event_of_run on event (run_key, id) where run_key is not null`,
      ]
    : [
        `create sequence event_id`,
        `create table event (
    id bigint not null default nextval('event_id'),
    xid xid8 not null default pg_current_xact_id(),${EVENT_COLUMNS(int)},
    primary key (id, at)
  ) partition by range (at)`,
        `create table event_other partition of event default`,
        `create index event_of_run on event (run_key, id) where run_key is not null`,
        `create index event_live on event (xid, id)`,
      ];

const requests = ({ int, identity, table }: SchemaWords) => [
  `create table intent (
    id ${identity},
    dag_id text not null,
    kind text not null,
    payload text not null,
    actor text not null,
    requested_at ${int} not null,
    idempotency_key text,
    state text not null default 'pending',
    result text,
    decided_at ${int}
  )${table}`,
  `create index intent_pending on intent (dag_id, id) where state = 'pending'`,
  `create unique index intent_idempotency_key on intent (idempotency_key) where idempotency_key is not null`,
];

const settings = ({ int, identity, table }: SchemaWords) => [
  `create table variable (
    key text primary key,
    value text not null,
    description text,
    is_secret ${int} not null,
    updated_at ${int} not null,
    updated_by text not null
  )${table}`,
  `create table variable_history (
    id ${identity},
    key text not null,
    at ${int} not null,
    actor text not null,
    from_value text,
    to_value text
  )${table}`,
  `create index variable_history_of on variable_history (key, id)`,
  `create table pool (
    name text primary key,
    slots ${int} not null,
    description text,
    include_deferred ${int} not null
  )${table}`,
  `insert into pool (name, slots, description, include_deferred)
   values ('default_pool', 128, 'Tasks that name no pool', 0)`,
];

const people = ({ int, identity, table }: SchemaWords) => [
  `create table "user" (
    id ${identity},
    name text not null unique,
    password_hash text not null,
    role text not null,
    created_at ${int} not null,
    disabled_at ${int}
  )${table}`,
  `create table session (
    token_hash text primary key,
    user_id ${int} not null,
    created_at ${int} not null,
    expires_at ${int} not null,
    last_seen_at ${int} not null
  )${table}`,
  `create table api_token (
    id ${identity},
    user_id ${int} not null,
    name text not null,
    prefix text not null,
    token_hash text not null unique,
    created_at ${int} not null,
    expires_at ${int},
    last_used_at ${int}
  )${table}`,
];
