// What the runner, the test kit and the loader need of a loaded DAG. Authors import from '@tsflow/core'.
export { isDag, isOperator, isTaskGroup } from './brand.ts';
export { authorFrames, type CallSite, stackFrames } from './call-site.ts';
export type {
  AssetPort,
  ProcessPort,
  StatePort,
  TaskContext,
  TaskLog,
  VariablePort,
  XComPort,
} from './context.ts';
export type { AnyDag, DAG } from './dag.ts';
export type { DagRunPort } from './dag-run-port.ts';
export type { DeadlineSettings } from './deadline.ts';
export { DagDefinitionError, type DefinitionProblem } from './definition-error.ts';
export { type FileTemplate, isFileTemplate, resolveTemplateName } from './file-template.ts';
export type { ListNode } from './list-expression.ts';
export { checkMapLengths } from './map-lengths.ts';
export { type AnyOperator, type Decides, type FieldKind, fieldKindsOf } from './operator.ts';
export { CALLBACK_NAMES, type CallbackName, type TaskSettings } from './operator-options.ts';
export { RETURN_VALUE, type TaskOutput } from './task-output.ts';
export { type TaskDeferred, type TaskRescheduled, type TaskSignalKind, taskSignal } from './task-signal.ts';
export { makeTrigger, POKE_TRIGGER, type Poking } from './trigger.ts';
export { isLiveVariable, type LiveVariable, variableValue } from './variable.ts';
export type {
  AssetWait,
  Deferral,
  ExternalWait,
  OnTimeout,
  RunWait,
  TriggerCall,
  Wait,
  Waiting,
} from './wait.ts';
