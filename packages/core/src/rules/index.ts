export {
  type AttemptStart,
  admitInstance,
  attemptEnded,
  attemptLost,
  attemptStarted,
  regrant,
  timesLost,
} from './attempt/attempt-life.ts';
export { endWithRun, timeOutRun } from './attempt/end-run.ts';
export { type MeantRun, meansRun, meantAmong, meantRuns } from './attempt/external-runs.ts';
export {
  externalVerdict,
  type FoundStates,
  runState,
  statesIn,
  taskStates,
} from './attempt/external-verdict.ts';
export { nameInstance } from './attempt/name-instance.ts';
export { mayRetry, type RetryPolicy, retryDelayMs, type TryIdentity } from './attempt/retry.ts';
export {
  newRequestedRun,
  type ResolvedRunWait,
  type RunRequest,
  type RunRequestStep,
  requestedEnd,
  requestedRun,
  resolvedRunWait,
  runRequestStep,
} from './attempt/run-request.ts';
export { stopInstance } from './attempt/stop-instance.ts';
export { attemptDeadline } from './attempt/try-end.ts';
export { assetWaitSince, endsAssetWait } from './attempt/wait-due.ts';
export {
  answered,
  beginWait,
  gaveUp,
  grantTrigger,
  isWait,
  requestFailed,
  timeCame,
} from './attempt/waiting.ts';
export {
  explainMapped,
  explainReadiness,
  explainRun,
  type Readiness,
  type ReadinessWorld,
} from './explain/explain-readiness.ts';
export { buildDagGraph, type DagGraph, type GraphTask, reachable, subGraph } from './graph/dag-graph.ts';
export { chooseElements, type ElementChoice, elementOfValue, outputElements } from './graph/list-length.ts';
export { isList, type ListSource, type MapLevel } from './graph/map-levels.ts';
export { mapSortOf, pathDepth, pathIndex, pathPrefix } from './graph/map-path.ts';
export type { RunLimit } from './graph/run-limits.ts';
export {
  evaluateSetups,
  evaluateTriggerRule,
  noEnds,
  type RuleVerdict,
  type UpstreamEnds,
} from './graph/trigger-rule.ts';
export { Heap } from './queue/heap.ts';
export { blockingGate, type Gate, type Limits, ReadyQueue } from './queue/ready-queue.ts';
export { adoptDecisions } from './run/adopt-decisions.ts';
export {
  beginInstances,
  instanceEnded,
  instancesEnded,
  reconsider,
  reshapeRun,
  resumePastWaits,
  startInstances,
  wakeFollowers,
} from './run/advance-run.ts';
export { type BackfillStep, backfillDates, backfillStep } from './run/backfill-plan.ts';
export { chosenGraph, chosenTasks } from './run/chosen-tasks.ts';
export {
  createRun,
  type NewRun,
  newAssetRun,
  resumeRun,
  roomForRuns,
  runIdOf,
  startRun,
} from './run/create-run.ts';
export {
  type DeadlineFacts,
  type DeadlineOutcome,
  type DeadlineRow,
  deadlineOutcome,
  deadlineReport,
  REPORT_PERIODS,
  type ReportPeriod,
} from './run/deadline-report.ts';
export {
  type DueDeadline,
  deadlinesOf,
  isPending,
  passDeadline,
  type RunDue,
} from './run/deadlines.ts';
export { waitsForDecision } from './run/decided-skips.ts';
export { type DueTick, dueTick, missedBefore, type RunsUnderWay } from './run/due-tick.ts';
export { isUnexpanded, lengthOfSource, sourceInstances } from './run/expand-level.ts';
export { renewTries } from './run/group-restart.ts';
export { listLengths } from './run/list-output.ts';
export { mayBeLastIteration, waitsForIteration } from './run/loop-step.ts';
export { resetInstance } from './run/reset-instance.ts';
export { ruleVerdict } from './run/rule-verdict.ts';
export { finishRunIfOver, moveRun, runOutcome } from './run/run-outcome.ts';
export {
  choiceWithin,
  selectInstances,
  selectTasks,
  type TaskChoice,
  withSetupsAndTeardowns,
} from './run/task-selection.ts';
export { isAnomalous, overdueAfterMs, type UsualDuration, usualDuration } from './run/usual-duration.ts';
export { type AssetArrival, type AssetRun, assetRunInterval } from './schedule/asset-runs.ts';
export { type HorizonAge, horizonRenewAt, isHorizonDue } from './schedule/horizon-renewal.ts';
export {
  isTooLate,
  MAX_MARK_AHEAD_MS,
  markAfterScheduleChange,
  markFromNow,
  nextTick,
  repairedMark,
  type Schedule,
  type ScheduleProgress,
  scheduleChanged,
  upcomingTicks,
} from './schedule/next-tick.ts';
export type { SimulatedLimits } from './simulation/played-limits.ts';
export type { SimulatedRun } from './simulation/simulated-run.ts';
export {
  type SimulatedDag,
  type Simulation,
  type SimulationOptions,
  simulate,
} from './simulation/simulation.ts';
export { holdsSlot, isLive, staysInPool } from './work/activity.ts';
export {
  type ArrivalChange,
  Changes,
  type DagBefore,
  type EndedAttempt,
  type OutletEvent,
  type SentIntent,
  type TurnEvent,
} from './work/changes.ts';
export { countRuns } from './work/count-runs.ts';
export {
  ENDED_WITH_RUN,
  forgetSkippedBy,
  heedDependencies,
  ignoreDependencies,
  ignoresDependencies,
  noteEndedWithRun,
  overrule,
} from './work/decision.ts';
export {
  type AskedKey,
  askedKey,
  type IdempotencyKey,
  type InternalKey,
  keyAsGiven,
} from './work/idempotency-key.ts';
export { nameOf } from './work/instance-name.ts';
export {
  allInstancesOf,
  instanceAt,
  instancesOf,
  instancesUnder,
  ofLastIterations,
  placeInstances,
  recount,
  relevantInstances,
  setTries,
  taskOfBefore,
} from './work/map-scope.ts';
export { countOccupied, moveInstance, occupiedBy } from './work/move-instance.ts';
export { newDagWork } from './work/new-dag-work.ts';
export { newInstance } from './work/new-instance.ts';
export { newRunWork } from './work/new-run-work.ts';
export { type CallbackChange, type CallbackWork, factsOf, type News, taskFacts } from './work/news.ts';
export { isWithinPast, PastWaits, pastRun, pastVerdict } from './work/past.ts';
export type { TaskDecision, TaskOutcome } from './work/task-outcome.ts';
export type {
  AttemptWork,
  BackfillOptions,
  BackfillWork,
  DagWorkState,
  GroupWork,
  InstanceWork,
  MapScope,
  Occupied,
  PastRun,
  RunWork,
  TaskWork,
} from './work/work.ts';
