import type { Migration } from './migrations.ts';

/** An attempt that is called again writes on elsewhere: the places of its earlier calls' lines, as JSON. */
export const earlierLogs: Migration = {
  name: '0008-earlier-logs',
  statements: () => ['alter table attempt add column earlier_logs text'],
};
