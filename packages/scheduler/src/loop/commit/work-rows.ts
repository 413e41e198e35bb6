import {
  type ArrivalChange,
  type AssetArrival,
  type AttemptWork,
  type BackfillWork,
  type CallbackChange,
  type CallbackWork,
  type DagWorkState,
  type EndedAttempt,
  type GroupWork,
  type InstanceWork,
  occupiedBy,
  type RunWork,
} from '@tsflow/core/rules';
import type {
  AssetArrivalTable,
  AttemptUpdate,
  BackfillTable,
  CallbackUpdate,
  DagRunTable,
  GroupTryTable,
  NewAttempt,
  NewCallback,
  NewTaskInstance,
  RunUpdate,
  TaskMove,
  TaskUpdate,
} from '@tsflow/core/store';

export function backfillRow(dag: DagWorkState, backfill: BackfillWork): BackfillTable {
  return { ...backfill, dagId: dag.dagId, options: JSON.stringify(backfill.options) };
}

export function runRow(run: RunWork): DagRunTable {
  return {
    key: run.key,
    dagId: run.dag.dagId,
    runId: run.runId,
    runType: run.runType,
    slot: run.slot,
    logicalDate: run.logicalDate,
    dataIntervalStart: run.dataIntervalStart,
    dataIntervalEnd: run.dataIntervalEnd,
    state: run.state,
    version: run.graph.version,
    conf: JSON.stringify(run.conf),
    queuedAt: run.queuedAt,
    startDate: run.startDate,
    endDate: run.endDate,
    triggeredBy: run.triggeredBy,
    note: run.note,
    reason: run.reason,
    targetState: run.targetState,
    backfillKey: run.backfillKey,
    // Keys grow in the order of creation, which is the order in which runs of a backfill and of a schedule are to start.
    ordinal: run.key,
    clearNumber: run.clearNumber,
    partitionKey: run.partition,
    setByHand: run.setByHand ? 1 : 0,
    taskIds: run.taskIds === null ? null : JSON.stringify(run.taskIds),
  };
}

export function runUpdate(run: RunWork, from: string): RunUpdate {
  return {
    key: run.key,
    from,
    state: run.state,
    startDate: run.startDate,
    endDate: run.endDate,
    reason: run.reason,
    targetState: run.targetState,
    version: run.graph.version,
    conf: JSON.stringify(run.conf),
    clearNumber: run.clearNumber,
    note: run.note,
    backfillKey: run.backfillKey,
    setByHand: run.setByHand ? 1 : 0,
  };
}

function taskColumns(instance: InstanceWork) {
  const { pool, poolSlots, concurrencyKey } = instance.occupied ?? {
    ...occupiedBy(instance),
    ...instance.inPool,
  };
  return {
    key: instance.key,
    state: instance.state,
    tryNumber: instance.tryNumber,
    infraNumber: instance.infraNumber,
    maxTries: instance.maxTries,
    clearNumber: instance.clearNumber,
    attemptId: instance.attemptId,
    grantNumber: instance.grantNumber,
    scheduledAt: instance.scheduledAt,
    queuedAt: instance.queuedAt,
    begunAt: instance.begunAt,
    startDate: instance.startDate,
    endDate: instance.endDate,
    nextAt: instance.nextAt,
    targetState: instance.targetState,
    reason: instance.reason,
    decision: instance.decision,
    priorityWeight: instance.priorityWeight ?? instance.task.weight,
    pool,
    poolSlots,
    concurrencyKey,
  };
}

export function taskRow(instance: InstanceWork): NewTaskInstance {
  return {
    ...taskColumns(instance),
    runKey: instance.run.key,
    dagId: instance.run.dag.dagId,
    taskId: instance.task.spec.taskId,
    mapPath: instance.mapPath,
    mapSort: instance.mapSort,
  };
}

export function taskMove(instance: InstanceWork): TaskMove {
  return { ...taskUpdate(instance), mapPath: instance.mapPath, mapSort: instance.mapSort };
}

export function taskUpdate(instance: InstanceWork): TaskUpdate {
  return { ...taskColumns(instance), from: instance.path?.[0] ?? instance.state };
}

export function attemptRow(instance: InstanceWork, attempt: AttemptWork): NewAttempt {
  return {
    attemptId: attempt.attemptId,
    taskInstanceKey: instance.key,
    runKey: instance.run.key,
    dagId: instance.run.dag.dagId,
    taskId: instance.task.spec.taskId,
    mapPath: instance.mapPath,
    tryNumber: attempt.tryNumber,
    infraNumber: attempt.infraNumber,
    version: attempt.version,
    state: attempt.state,
    grantNumber: attempt.grantNumber,
    queuedAt: attempt.queuedAt,
    savedState: json(attempt.savedState),
    groupTries: groupTriesOf(instance),
  };
}

/** Only of groups that began more than once: nearly no attempt has any. */
function groupTriesOf({ groups }: InstanceWork): string | null {
  const again = groups.filter(({ tryNumber }) => tryNumber > 1);
  if (again.length === 0) return null;
  return JSON.stringify(Object.fromEntries(again.map(({ group, tryNumber }) => [group.groupId, tryNumber])));
}

export function groupRow({ run, group, mapPath, tryNumber, maxTries, failed }: GroupWork): GroupTryTable {
  const { dagId } = run.dag;
  const failedKey = failed?.key ?? null;
  return { runKey: run.key, groupId: group.groupId, mapPath, dagId, tryNumber, maxTries, failedKey };
}

export function attemptUpdate(attempt: AttemptWork, end: EndedAttempt | null): AttemptUpdate {
  // Between two calls the row names the place of the earlier one: without any, nobody would look for the others.
  const log = attempt.log ?? attempt.earlierLogs.at(-1);
  return {
    attemptId: attempt.attemptId,
    grantNumber: attempt.storedGrant,
    newGrant: attempt.grantNumber,
    state: end?.state ?? attempt.state,
    startDate: attempt.startDate,
    endDate: end?.endDate ?? null,
    runnerId: attempt.runnerId,
    host: attempt.host,
    pid: attempt.pid,
    processGroups: attempt.processGroups.length === 0 ? null : JSON.stringify(attempt.processGroups),
    logSegment: log?.segment ?? null,
    logStart: log?.start ?? null,
    logEnd: end?.logEnd ?? null,
    earlierLogs: attempt.earlierLogs.length === 0 ? null : JSON.stringify(attempt.earlierLogs),
    error: errorOf(attempt, end),
    rendered: json(end === null ? null : end.rendered),
    savedState: savedStateOf(attempt),
    waiting: json(attempt.waiting),
    waitsForDag: watchedDag(attempt),
  };
}

/** What a running attempt saves is written as it comes (`saveState`): a turn decided just before must not put back what was there. */
function savedStateOf({ state, savedState }: AttemptWork): string | null {
  if (state === 'running') return null;
  // Written as null in JSON: what its `onKill` undid is not for the next attempt.
  return savedState === null && state === 'on_kill' ? 'null' : json(savedState);
}

/** What an `onKill` was to fail it with goes when it did not fail after all; no error leaves the column as it is, hence null in JSON. */
function errorOf({ pendingError }: AttemptWork, end: EndedAttempt | null): string | null {
  if (end === null) return json(pendingError);
  return end.error === null && pendingError !== null ? 'null' : json(end.error);
}

export function arrivalRow(arrival: AssetArrival, { dag, state, run }: ArrivalChange): AssetArrivalTable {
  const { partition, interval, ...columns } = arrival;
  return {
    ...columns,
    dagId: dag.dagId,
    partitionKey: partition,
    intervalStart: interval?.start ?? null,
    intervalEnd: interval?.end ?? null,
    state,
    runKey: run?.key ?? null,
  };
}

export function callbackRow(callback: CallbackWork): NewCallback {
  const { dag, facts, losses: _, ...row } = callback;
  return {
    ...row,
    dagId: dag.dagId,
    deadline: facts.deadline?.name ?? null,
    facts: JSON.stringify(facts),
    state: 'pending',
  };
}

export function callbackUpdate(change: CallbackChange, now: number): CallbackUpdate {
  const { callback, state, fromGrant, log, error } = change;
  return {
    key: callback.key,
    grantNumber: fromGrant,
    newGrant: callback.grantNumber,
    state,
    endDate: state === 'pending' ? null : now,
    logSegment: log?.segment ?? null,
    logStart: log?.start ?? null,
    logEnd: log?.end ?? null,
    error: error === null ? null : JSON.stringify(error),
  };
}

/** The DAG whose holder has to answer it. */
function watchedDag({ state, waiting }: AttemptWork): string | null {
  const on = state === 'deferred' ? waiting?.deferral?.on : undefined;
  return on?.kind === 'external' || on?.kind === 'run' ? on.dagId : null;
}

const json = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));
