import type { Migration } from './migrations.ts';

/** How people call a mapped instance, as its attempt rendered it. Airflow's word. */
export const mapIndexNames: Migration = {
  name: '0014-map-index-names',
  statements: () => ['alter table task_instance add column rendered_map_index text'],
};
