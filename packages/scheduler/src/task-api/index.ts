export { TaskApiClient, type TaskApiClientEvents } from './client.ts';
export { ProtocolError } from './lines.ts';
export {
  type LogRange,
  MAX_GRANT_INPUT_BYTES,
  MAX_LINE_BYTES,
  type RunnerIdentity,
  type RunnerMessage,
  type RunnerSettings,
  type SchedulerMessage,
  TASK_API_PROTOCOL,
  type TaskDecision,
  type TaskOutcome,
  type Workload,
} from './protocol.ts';
export {
  type PingReason,
  RunnerConnection,
  type RunnerListener,
  TaskApiServer,
  type TaskApiServerOptions,
} from './server.ts';
export { taskApiSocketPath } from './socket-path.ts';
export { type OutcomeMessage, Spool, type SpooledOutcome } from './spool.ts';
