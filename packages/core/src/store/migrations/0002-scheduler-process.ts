import type { Migration } from './migrations.ts';

/**
 * Tells a scheduler's process from a later one of the same pid, so that another scheduler of its machine sees that it is gone. Empty:
 * unknown, as for those that registered before this step.
 */
export const schedulerProcess: Migration = {
  name: '0002-scheduler-process',
  statements: () => [
    `alter table scheduler add column boot_id text not null default ''`,
    `alter table scheduler add column pid_start text not null default ''`,
  ],
};
