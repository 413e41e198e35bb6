import type { Migration } from './migrations.ts';

/**
 * How often each task instance was cleared: what it makes elsewhere is named after that, and no longer after how often anything of its run was.
 * Instances that are there begin at the number of their run, so that what they make from now on has no name of before.
 *
 * Keys that people gave get a prefix that no key of the schedulers has: `asked:`.
 */
export const clearsOfInstances: Migration = {
  name: '0015-clears-of-instances',
  statements: ({ int }) => [
    `alter table task_instance add column clear_number ${int} not null default 0`,
    `update task_instance
    set clear_number = (select clear_number from dag_run where dag_run.key = task_instance.run_key)
  where run_key in (select key from dag_run where clear_number > 0)`,
    `update intent set idempotency_key = 'asked:' || idempotency_key
  where idempotency_key is not null and actor not like 'task:%' and kind in (
    'trigger', 'clear', 'run_task', 'mark_tasks', 'mark_run', 'kill', 'pause', 'backfill', 'control_backfill', 'prioritize', 'reschedule', 'note'
  )`,
    `update asset_event set idempotency_key = 'asked:' || idempotency_key
  where idempotency_key is not null and actor not like 'task:%'`,
  ],
};
