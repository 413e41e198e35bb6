export { instanceName } from './instance-name.ts';
export { isRunFinished, RUN_STATES, RUN_TYPES, type RunState, type RunType } from './run-state.ts';
export {
  ACTIVE_TASK_STATES,
  FINISHED_TASK_STATES,
  type FinishedTaskState,
  isFinished,
  TASK_STATES,
  type TaskState,
} from './task-state.ts';
export {
  assertLegalPath,
  assertLegalRunTransition,
  IllegalTransitionError,
  RUN_TRANSITIONS,
  TASK_TRANSITIONS,
  transitionsAsMarkdown,
} from './transitions.ts';
export { TRIGGER_RULES, type TriggerRule } from './trigger-rule.ts';
