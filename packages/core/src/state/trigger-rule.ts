/** When a task may run, judged by how its direct upstream tasks ended. The rules themselves are in `rules/trigger-rule`. */
export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_skipped',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'always',
  'all_done_setup_success',
] as const;

/** When a task may run, judged by how its direct upstream ended. `all_success` is the default, `all_done_setup_success` that of teardowns. */
export type TriggerRule = (typeof TRIGGER_RULES)[number];
