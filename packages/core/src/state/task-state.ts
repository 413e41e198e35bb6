/** Every state of a task instance, in the order in which a person would tell its story. Airflow's words. */
export const TASK_STATES = [
  'none',
  'scheduled',
  'queued',
  'running',
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'up_for_retry',
  'up_for_reschedule',
  'deferred',
  'restarting',
  'removed',
] as const;

export type TaskState = (typeof TASK_STATES)[number];

/** States in which nothing more will happen by itself. */
export const FINISHED_TASK_STATES = ['success', 'failed', 'skipped', 'upstream_failed', 'removed'] as const;

export type FinishedTaskState = (typeof FINISHED_TASK_STATES)[number];

/** States in which something of the instance lives outside the database: a process, a trigger, a slot. */
export const ACTIVE_TASK_STATES = [
  'queued',
  'running',
  'deferred',
  'up_for_reschedule',
  'restarting',
] as const;

const finished: ReadonlySet<TaskState> = new Set(FINISHED_TASK_STATES);

export function isFinished(state: TaskState): state is FinishedTaskState {
  return finished.has(state);
}
