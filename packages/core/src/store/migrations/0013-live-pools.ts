import type { Migration } from './migrations.ts';

/** What the slots of a pool follow: a Variable or a daily plan, as JSON. Null: they are the number in the row. */
export const livePools: Migration = {
  name: '0013-live-pools',
  statements: () => ['alter table pool add column live text'],
};
