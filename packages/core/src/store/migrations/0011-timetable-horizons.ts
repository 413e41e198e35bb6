import type { Migration } from './migrations.ts';

/**
 * What is known of the runs of DAGs with a custom timetable, whose code only the dag processor's children may run. Not part of a
 * version: it moves with time. `wanted_*`: a range that a backfill asked for.
 */
export const timetableHorizons: Migration = {
  name: '0011-timetable-horizons',
  statements: ({ int, hotTable }) => [
    `create table timetable_horizon (
    dag_id text primary key,
    known_from ${int} not null,
    known_until ${int},
    renew_at ${int},
    runs text not null,
    computed_at ${int} not null,
    catchup ${int} not null,
    wanted_from ${int},
    wanted_until ${int},
    wanted_at ${int},
    is_wanted ${int} not null
  )${hotTable}`,
  ],
};
