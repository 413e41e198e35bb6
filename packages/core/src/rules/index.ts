export { holdsSlot, isLive, staysInPool } from './activity.ts';
export {
  beginInstances,
  instanceEnded,
  instancesEnded,
  nameOf,
  reconsider,
  reshapeRun,
  resumePastWaits,
  ruleVerdict,
  startInstances,
  wakeFollowers,
} from './advance-run.ts';
export { type AssetArrival, type AssetRun, assetRunInterval, assetRuns, newAssetRun } from './asset-runs.ts';
export {
  type AttemptStart,
  admitInstance,
  attemptEnded,
  attemptLost,
  attemptStarted,
  regrant,
  timesLost,
} from './attempt-life.ts';
export { type BackfillStep, backfillDates, backfillStep } from './backfill-plan.ts';
export {
  type ArrivalChange,
  Changes,
  type DagBefore,
  type EndedAttempt,
  type OutletEvent,
  type SentIntent,
  type TurnEvent,
} from './changes.ts';
export { chosenGraph, chosenTasks } from './chosen-tasks.ts';
export { createRun, type NewRun, resumeRun, roomForRuns, runIdOf, startRun } from './create-run.ts';
export { buildDagGraph, type DagGraph, type GraphTask, reachable, subGraph } from './dag-graph.ts';
export {
  type DeadlineFacts,
  type DeadlineOutcome,
  type DeadlineRow,
  deadlineOutcome,
  deadlineReport,
  REPORT_PERIODS,
  type ReportPeriod,
} from './deadline-report.ts';
export { type DueDeadline, deadlinesOf, isMissed, lateAt, passDeadline, type RunDue } from './deadlines.ts';
export {
  deciderOf,
  ENDED_WITH_RUN,
  heedDependencies,
  ignoreDependencies,
  ignoresDependencies,
  noteEndedWithRun,
  overrule,
} from './decision.ts';
export { type DueTick, dueTick, missedBefore } from './due-tick.ts';
export { isUnexpanded, lengthOfSource, sourceInstances } from './expand-level.ts';
export { explainReadiness, explainRun, type Readiness, type ReadinessWorld } from './explain-readiness.ts';
export { externalVerdict, type FoundStates, meansRun } from './external-verdict.ts';
export { renewTries } from './group-restart.ts';
export { Heap } from './heap.ts';
export { type HorizonAge, horizonRenewAt, isHorizonDue } from './horizon-renewal.ts';
export { chooseElements, type ElementChoice, elementOfValue, outputElements } from './list-length.ts';
export { listLengths } from './list-output.ts';
export { waitsForIteration } from './loop-step.ts';
export { isList, type ListSource, type MapLevel } from './map-levels.ts';
export { mapSortOf, pathDepth, pathIndex, pathPrefix } from './map-path.ts';
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
} from './map-scope.ts';
export { countOccupied, moveInstance, occupiedBy } from './move-instance.ts';
export { newDagWork } from './new-dag-work.ts';
export { newInstance } from './new-instance.ts';
export { type CallbackChange, type CallbackWork, factsOf, type News, taskFacts } from './news.ts';
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
} from './next-tick.ts';
export { isWithinPast, PastWaits, pastRun, pastVerdict } from './past.ts';
export { blockingGate, type Gate, type Limits, ReadyQueue } from './ready-queue.ts';
export { resetInstance } from './reset-instance.ts';
export { mayRetry, type RetryPolicy, retryDelayMs, type TryIdentity } from './retry.ts';
export type { RunLimit } from './run-limits.ts';
export { finishRunIfOver, moveRun, runOutcome } from './run-outcome.ts';
export {
  newRequestedRun,
  type ResolvedRunWait,
  type RunRequest,
  type RunRequestStep,
  requestedEnd,
  resolvedRunWait,
  runRequestStep,
} from './run-request.ts';
export {
  type SimulatedDag,
  type SimulatedLimits,
  type SimulatedRun,
  type Simulation,
  type SimulationOptions,
  simulate,
} from './simulation.ts';
export { stopInstance } from './stop-instance.ts';
export type { TaskDecision, TaskOutcome } from './task-outcome.ts';
export {
  choiceWithin,
  selectInstances,
  selectTasks,
  type TaskChoice,
  withSetupsAndTeardowns,
} from './task-selection.ts';
export {
  evaluateSetups,
  evaluateTriggerRule,
  noEnds,
  type RuleVerdict,
  type UpstreamEnds,
} from './trigger-rule.ts';
export { attemptDeadline } from './try-end.ts';
export { isAnomalous, overdueAfterMs, type UsualDuration, usualDuration } from './usual-duration.ts';
export { assetWaitSince, endsAssetWait } from './wait-due.ts';
export { answered, beginWait, gaveUp, grantTrigger, isWait, requestFailed, timeCame } from './waiting.ts';
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
} from './work.ts';
