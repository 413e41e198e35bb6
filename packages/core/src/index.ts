export {
  Asset,
  type AssetEvent,
  type AssetEventFacts,
  type AssetExpression,
  type AssetOptions,
  all,
  any,
} from './assets/index.ts';
export {
  type Connection,
  type ConnectionPort,
  type ConnectionReference,
  connection,
} from './connections/index.ts';
export type { TaskContext, TaskLog } from './dag/context.ts';
export { DAG, type DagBody } from './dag/dag.ts';
export type { DagOptions, Deadline } from './dag/dag-options.ts';
export { DagDefinitionError } from './dag/definition-error.ts';
export { chain, crossDownstream } from './dag/edges.ts';
export { concat, type EntryOf, expand, type ItemOf, type Mappable, zip } from './dag/expand.ts';
export { type FileTemplate, include } from './dag/file-template.ts';
export { FunctionOperator } from './dag/function-operator.ts';
export type { ListExpression } from './dag/list-expression.ts';
export type { Expanded, GroupElement } from './dag/map-argument.ts';
export {
  type Collected,
  type ExpandLists,
  type FieldKind,
  type FieldKinds,
  type MappedOperator,
  Operator,
  type OutputBy,
  type OutputFor,
  type PartialOperator,
} from './dag/operator.ts';
export type { CommonOptions, DefaultArgs, Limit, OperatorOptions } from './dag/operator-options.ts';
export type { Outlet } from './dag/outlet.ts';
export { type NamedTaskOptions, type TaskOptions, task } from './dag/task.ts';
export {
  type CollectedExports,
  expandGroup,
  type GroupOptions,
  group,
  type MappedGroupOptions,
  TaskGroup,
} from './dag/task-group.ts';
export type { TaskOutput } from './dag/task-output.ts';
export {
  type DeferralOptions,
  TaskDeferred,
  TaskFailed,
  TaskRescheduled,
  TaskSkipped,
} from './dag/task-signal.ts';
export type {
  InputValues,
  Reference,
  TaskInputs,
  Templated,
  TemplatedFields,
  TemplateFunction,
} from './dag/template.ts';
export { Trigger } from './dag/trigger.ts';
export { type LiveVariable, Variable, VariableTypeError } from './dag/variable.ts';
export type { OnTimeout, Wait } from './dag/wait.ts';
export type { Duration } from './duration.ts';
export { TsflowError } from './errors.ts';
export type { Json, Jsonify, JsonObject } from './json.ts';
export type {
  Callback,
  CallbackFacts,
  Callbacks,
  DeadlineFacts,
  Notification,
  NotificationEvent,
} from './notifiers/index.ts';
export {
  type AlertCallbacks,
  type AlertEvent,
  alerts,
  DeliveryFailedError,
  type EmailOptions,
  email,
  MailFailedError,
  type MessageTemplate,
  recovered,
  type SlackOptions,
  slack,
  type WebhookOptions,
  webhook,
} from './notifiers/index.ts';
export { AssetSensor, type AssetSensorOptions } from './operators/asset-sensor.ts';
export { BashOperator, type BashOptions } from './operators/bash-operator.ts';
export {
  type BranchChoice,
  BranchOperator,
  type BranchOptions,
  type BranchTargets,
  branch,
} from './operators/branch-operator.ts';
export {
  type Command,
  type CommandEnd,
  CommandFailedError,
  commandEnvironment,
  runCommand,
} from './operators/command.ts';
export { DeltaSensor, type DeltaSensorOptions } from './operators/delta-sensor.ts';
export {
  DurableOperator,
  type DurableOptions,
  JobFailedError,
  type Polled,
  UnknownStateError,
} from './operators/durable-operator.ts';
export { EmailOperator, type EmailOperatorOptions } from './operators/email-operator.ts';
export { EmptyOperator } from './operators/empty-operator.ts';
export {
  ExternalRunSensor,
  type ExternalRunSensorOptions,
  ExternalTaskSensor,
  type ExternalTaskSensorOptions,
} from './operators/external-sensors.ts';
export { FileSensor } from './operators/file-sensor.ts';
export {
  type HttpAnswer,
  HttpOperator,
  type HttpOptions,
  HttpStatusError,
} from './operators/http-operator.ts';
export { HttpResponseError, HttpSensor, type HttpSensorOptions } from './operators/http-sensor.ts';
export { LatestOnlyOperator } from './operators/latest-only-operator.ts';
export { forEach, type LoopOptions, loop, repeat, UntilOperator } from './operators/loop.ts';
export { type Poked, Sensor, type SensorMode, type SensorOptions } from './operators/sensor.ts';
export {
  ShortCircuitOperator,
  type ShortCircuitOptions,
  shortCircuit,
} from './operators/short-circuit-operator.ts';
export { SlackOperator, type SlackOperatorOptions } from './operators/slack-operator.ts';
export {
  SqlCheckFailedError,
  SqlCheckOperator,
  type SqlCheckOptions,
  type SqlCheckOutput,
} from './operators/sql-check-operator.ts';
export {
  openSql,
  type SqlClient,
  type SqlClientOptions,
  SqlConnectionError,
  type SqlResult,
  type SqlRow,
  type SqlValue,
} from './operators/sql-client.ts';
export { SqlOperator, type SqlOptions, type SqlOutput } from './operators/sql-operator.ts';
export { SqlSensor } from './operators/sql-sensor.ts';
export { TimeSensor, type TimeSensorOptions } from './operators/time-sensor.ts';
export {
  EnsureDagRunOperator,
  type EnsureDagRunOptions,
  type RequestedRun,
  TriggerDagRunOperator,
  type TriggerDagRunOptions,
} from './operators/trigger-dag-run-operator.ts';
export type { WaitOptions } from './operators/wait-options.ts';
export { WaitUntil, type WaitUntilOptions } from './operators/wait-until.ts';
export { Choice, ChooseOperator, match, type SideValue, when } from './operators/when.ts';
export type {
  ConfOf,
  ParamReference,
  ParamReferences,
  Params,
  ParamsOf,
  ParamsSchema,
} from './params/index.ts';
export type { RunType, TriggerRule } from './state/index.ts';
export {
  CronDataIntervalTimetable,
  CronTriggerTimetable,
  type CustomTimetable,
  type DailyPlan,
  type DataInterval,
  DeltaTimetable,
  EventsTimetable,
  MonthsTimetable,
  MultiCronTimetable,
  type PlanWindow,
  type RunInfo,
  type TimeRestriction,
  type Timetable,
} from './timetables/index.ts';
