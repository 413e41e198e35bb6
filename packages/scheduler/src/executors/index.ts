export type {
  AdoptableAttempt,
  Executor,
  ExecutorEvents,
  GoneReport,
  LostAttempt,
  OutcomeReport,
  StartedReport,
  TaskQuestion,
} from './executor.ts';
export type { Workload } from '../task-api/protocol.ts';
