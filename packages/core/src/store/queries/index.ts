export { type Attempt, attemptRow, listAttempts } from './attempt.ts';
export { type DagDetails, type DagSummary, getDag, type ListDagsArgs, listDags } from './dag.ts';
export { MAX_PAGE_ROWS, type Page, type PageArgs } from './page.ts';
export { getRun, type ListRunsArgs, listRuns, type RunArgs, type RunSummary } from './run.ts';
export type { RunBar } from './run-bar.ts';
export {
  getTaskInstance,
  listTaskInstances,
  type TaskInstance,
  type TaskInstanceArgs,
} from './task-instance.ts';
