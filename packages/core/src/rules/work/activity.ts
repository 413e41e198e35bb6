import type { TaskState } from '../../state/index.ts';

const slotHolders: ReadonlySet<TaskState> = new Set(['queued', 'running', 'restarting']);
const livingStates: ReadonlySet<TaskState> = new Set([
  'scheduled',
  'queued',
  'running',
  'up_for_retry',
  'up_for_reschedule',
  'deferred',
  'restarting',
]);

/** Whether an instance in this state occupies slots of parallelism, its pool, its DAG and its task. */
export const holdsSlot = (state: TaskState): boolean => slotHolders.has(state);

/** Whether an instance in this state is among those that a pool counts which counts deferred tasks too. */
export const staysInPool = (state: TaskState): boolean => holdsSlot(state) || state === 'deferred';

/** Whether something will still happen to an instance in this state without anything else happening first. */
export const isLive = (state: TaskState): boolean => livingStates.has(state);
