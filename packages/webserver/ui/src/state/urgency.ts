import type { TaskState } from '../api/contract.ts';

/** The order in which counts of states are told: what needs a person first. */
export const STATES_BY_URGENCY: readonly TaskState[] = [
  'failed',
  'upstream_failed',
  'up_for_retry',
  'restarting',
  'running',
  'deferred',
  'up_for_reschedule',
  'queued',
  'scheduled',
  'none',
  'skipped',
  'success',
  // What is no more says nothing about those that are.
  'removed',
];

/** The state that stands for several: the most urgent of them. */
export function mostUrgent(counts: Readonly<Partial<Record<TaskState, number>>>): TaskState {
  return STATES_BY_URGENCY.find((state) => (counts[state] ?? 0) > 0) ?? 'none';
}
