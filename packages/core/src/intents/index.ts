export {
  applyBackfill,
  applyControlBackfill,
  backfillOptions,
  countDates,
  noteState as noteBackfillState,
} from './apply-backfill.ts';
export {
  adoptVersion,
  applyClear,
  type ClearedTask,
  describeInstance,
  planClear,
} from './apply-clear.ts';
export { applyKill, type TouchedTask } from './apply-kill.ts';
export { applyMarkRun, applyMarkTasks, planMark } from './apply-mark.ts';
export { applyPrioritize } from './apply-prioritize.ts';
export { applyRunTask, planRunTask } from './apply-run-task.ts';
export { applyTrigger, type TriggerPorts } from './apply-trigger.ts';
export type {
  BackfillPayload,
  ClearPayload,
  ControlBackfillPayload,
  Intent,
  IntentKind,
  KillPayload,
  MarkRunPayload,
  MarkTasksPayload,
  PrioritizePayload,
  ReschedulePayload,
  RunTaskPayload,
  TaskSelection,
  TriggerPayload,
} from './intent.ts';
export type { IntentOf, IntentResult } from './intent-result.ts';
export { planReschedule, type ReschedulePlan } from './plan-reschedule.ts';
