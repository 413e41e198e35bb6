export type { Workload } from '../task-api/protocol.ts';
export type {
  AdoptableAttempt,
  Executor,
  ExecutorEvents,
  GoneReport,
  LostAttempt,
  NamedReport,
  OutcomeReport,
  StartedReport,
  TaskQuestion,
} from './executor.ts';
export { LocalExecutor, type LocalExecutorOptions } from './local/local-executor.ts';
export {
  ensureVersionDirectory,
  nearestNodeModules,
  type VersionDirectoryOptions,
  type VersionFile,
  versionDirectory,
} from './version-directory.ts';
