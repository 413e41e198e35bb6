import type { Waiting } from '../dag/wait.ts';
import type { SerializedError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { attemptLogPlace } from '../logs/index.ts';
import {
  type AssetArrival,
  type AttemptWork,
  allInstancesOf,
  type BackfillOptions,
  type BackfillWork,
  type CallbackWork,
  countOccupied,
  countRuns,
  type DagGraph,
  type DagWorkState,
  type GraphTask,
  holdsSlot,
  type InstanceWork,
  newDagWork,
  newInstance,
  newRunWork,
  occupiedBy,
  pathDepth,
  placeInstances,
  type RunWork,
  setTries,
  staysInPool,
  subGraph,
  taskOfBefore,
} from '../rules/index.ts';
import type { RunState, RunType, TaskState } from '../state/index.ts';
import type { DagWork } from './store.ts';
import type {
  AssetArrivalTable,
  AttemptTable,
  BackfillTable,
  CallbackTable,
  DagRunTable,
  DagTable,
  GroupTryTable,
  TaskInstanceTable,
} from './tables.ts';

/** Rows to working state: what a holder rebuilds when it takes a DAG over, or when a commit did not go through. */
export function restoreDag(
  work: DagWork,
  graphOf: (version: string) => DagGraph,
  maxMapLength: number,
): DagWorkState {
  const dag = emptyDag(work.dag, graphOf(work.dag.currentVersion!), maxMapLength);
  for (const [backfillKey, count] of work.queuedRunCounts) dag.queuedRuns.set(backfillKey, count);
  for (const row of work.assetArrivals) dag.assetArrivals.add(restoreArrival(row));
  for (const row of work.backfills) dag.backfills.set(row.key, restoreBackfill(row));
  const attempts = new Map(work.attempts.map((row) => [row.attemptId, row]));
  const tasks = groupByRun(work.taskInstances);
  const groupTries = groupByRun(work.groupTries);
  const deadlinesMissed = groupByRun(work.deadlinesMissed);
  for (const row of work.activeRuns) {
    if (row.state !== 'running') continue;
    const run = restoreRun(dag, row, graphOf(row.version));
    restoreInstances(run, tasks.get(row.key) ?? [], attempts, groupTries.get(row.key) ?? []);
    restoreLeaving(run, tasks.get(row.key) ?? [], attempts, graphOf);
    for (const { name } of deadlinesMissed.get(row.key) ?? []) run.deadlinesMissed.add(name);
    joinDag(run);
  }
  return dag;
}

/** A run out of its row, without its instances. */
export function restoreRun(dag: DagWorkState, row: DagRunTable, graph: DagGraph): RunWork {
  const taskIds = row.taskIds === null ? null : (JSON.parse(row.taskIds) as string[]);
  return newRunWork({
    key: row.key,
    dag,
    runId: row.runId,
    runType: row.runType as RunType,
    slot: row.slot,
    logicalDate: row.logicalDate,
    dataIntervalStart: row.dataIntervalStart,
    dataIntervalEnd: row.dataIntervalEnd,
    partition: row.partitionKey,
    backfillKey: row.backfillKey,
    queuedAt: row.queuedAt,
    triggeredBy: row.triggeredBy ?? 'scheduler',
    state: row.state as RunState,
    graph: subGraph(graph, taskIds),
    conf: JSON.parse(row.conf) as JsonObject,
    startDate: row.startDate,
    endDate: row.endDate,
    reason: row.reason,
    targetState: row.targetState as 'success' | 'failed' | null,
    clearNumber: row.clearNumber,
    setByHand: row.setByHand === 1,
    note: row.note,
    taskIds,
  });
}

/**
 * Gives a restored run the instances that its own rows tell of; rows of tasks and of map indexes that its version does not have stay
 * history. The lists that something is mapped over are not in these rows: see `loadLists`.
 */
export function restoreInstances(
  run: RunWork,
  rows: readonly TaskInstanceTable[],
  attempts: ReadonlyMap<number, AttemptTable>,
  groupTries: readonly GroupTryTable[],
): void {
  const instances = rows.flatMap((row) => {
    const task = taskOf(run.graph, row);
    return task === undefined ? [] : [restoreInstance(run, task, row, attempts)];
  });
  placeInstances(run, instances);
  restoreGroups(run, instances, groupTries);
  const missing = run.tasks.find(({ root }) => root.instances.length === 0);
  if (missing !== undefined) {
    throw new Error(
      `Run ${run.runId} of ${run.dag.dagId} has no row for its task ${missing.task.spec.taskId}: run "tsflow db check".`,
    );
  }
}

/** What was being ended because its run's version does not have its task, when its last holder was gone: its task is that of its attempt. */
function restoreLeaving(
  run: RunWork,
  rows: readonly TaskInstanceTable[],
  attempts: ReadonlyMap<number, AttemptTable>,
  graphOf: (version: string) => DagGraph,
): void {
  for (const row of rows) {
    const known = taskOf(run.graph, row);
    const attempt = row.attemptId === null ? undefined : attempts.get(row.attemptId);
    if (known !== undefined || row.state !== 'restarting' || attempt === undefined) continue;
    const { tasks, indexOf } = graphOf(attempt.version);
    const task = tasks[indexOf.get(row.taskId)!]!;
    run.leaving.add(restoreInstance(run, taskOfBefore(task), row, attempts));
  }
}

/** The task of a row in this version, if it has it and is mapped as deep. */
function taskOf({ tasks, indexOf }: DagGraph, { taskId, mapPath }: TaskInstanceTable): GraphTask | undefined {
  const index = indexOf.get(taskId);
  const task = index === undefined ? undefined : tasks[index]!;
  return task === undefined || pathDepth(mapPath) > task.levels.length ? undefined : task;
}

function restoreInstance(
  run: RunWork,
  task: GraphTask,
  row: TaskInstanceTable,
  attempts: ReadonlyMap<number, AttemptTable>,
): InstanceWork {
  const attempt = row.attemptId === null ? undefined : attempts.get(row.attemptId);
  const instance = Object.assign(newInstance(run, task, row.mapPath, row.key), {
    state: row.state as TaskState,
    tryNumber: row.tryNumber,
    infraNumber: row.infraNumber,
    maxTries: row.maxTries,
    clearNumber: row.clearNumber,
    attemptId: row.attemptId,
    attempt: attempt === undefined || attempt.endDate !== null ? null : restoreAttempt(attempt),
    grantNumber: row.grantNumber,
    scheduledAt: row.scheduledAt,
    queuedAt: row.queuedAt,
    begunAt: row.begunAt,
    startDate: row.startDate,
    endDate: row.endDate,
    nextAt: row.nextAt,
    targetState: row.targetState as TaskState | null,
    reason: row.reason,
    decision: row.decision,
    renderedMapIndex: row.renderedMapIndex,
    savedState: attempt === undefined ? null : leftState(attempt),
    // A row is written with the weight of its run's version, so another one is what a person gave it.
    priorityWeight: row.priorityWeight === task.weight ? null : row.priorityWeight,
  } satisfies Partial<InstanceWork>);
  if (holdsSlot(instance.state)) {
    const { pool, poolSlots, concurrencyKey } = row;
    instance.occupied = { ...occupiedBy(instance), pool, poolSlots, concurrencyKey };
  }
  if (staysInPool(instance.state)) instance.inPool = { pool: row.pool, poolSlots: row.poolSlots };
  return instance;
}

/** Gives groups that began more than once their numbers back, and those that are about to begin again the instance that waits for it. */
function restoreGroups(
  run: RunWork,
  instances: readonly InstanceWork[],
  rows: readonly GroupTryTable[],
): void {
  if (rows.length === 0) return;
  const rowOf = new Map(rows.map((row) => [nameOfGroup(row.groupId, row.mapPath), row]));
  const byKey = new Map(instances.map((instance) => [instance.key, instance]));
  for (const group of run.groups.values()) {
    const { groupId, isIteration } = group.group;
    const row = isIteration ? undefined : rowOf.get(nameOfGroup(groupId, group.mapPath));
    if (row === undefined) continue;
    const failed = row.failedKey === null ? undefined : byKey.get(row.failedKey);
    setTries(group, row.tryNumber, row.maxTries, failed?.state === 'up_for_retry' ? failed : null);
  }
}

const nameOfGroup = (groupId: string, mapPath: string): string => `${groupId} [${mapPath}]`;

/** Counts a running run and the slots of its instances into the DAG. */
export function joinDag(run: RunWork): void {
  const { dag } = run;
  dag.runs.set(run.key, run);
  countRuns(dag.activeRuns, run.backfillKey, 1);
  for (const instance of allInstancesOf(run)) {
    if (instance.occupied !== null) countOccupied(instance, instance.occupied, 1);
  }
}

/** A callback that is still to be delivered, or of which nobody has said that it was. */
export function restoreCallback(dag: DagWorkState, row: CallbackTable): CallbackWork {
  return {
    key: row.key,
    dag,
    runKey: row.runKey,
    taskInstanceKey: row.taskInstanceKey,
    attemptId: row.attemptId,
    event: row.event as CallbackWork['event'],
    facts: JSON.parse(row.facts) as CallbackWork['facts'],
    version: row.version,
    createdAt: row.createdAt,
    grantNumber: row.grantNumber,
    losses: 0,
  };
}

export function emptyDag(row: DagTable, graph: DagGraph, maxMapLength: number): DagWorkState {
  return {
    ...newDagWork(graph, maxMapLength),
    dagId: row.dagId,
    epoch: row.epoch,
    isPaused: row.isPaused === 1,
    isStale: row.isStale === 1,
    mark: row.mark,
    markVersion: row.markVersion,
    nextTick: row.nextTick,
    skipUntil: row.skipUntil,
  };
}

function restoreArrival(row: AssetArrivalTable): AssetArrival {
  const { eventId, asset, partitionKey, at, intervalStart, intervalEnd } = row;
  const interval =
    intervalStart === null || intervalEnd === null ? null : { start: intervalStart, end: intervalEnd };
  return { eventId, asset, partition: partitionKey, at, interval };
}

function restoreBackfill(row: BackfillTable): BackfillWork {
  return {
    ...row,
    options: JSON.parse(row.options) as BackfillOptions,
    state: row.state as BackfillWork['state'],
  };
}

function restoreAttempt(row: AttemptTable): AttemptWork {
  return {
    attemptId: row.attemptId,
    grantNumber: row.grantNumber,
    storedGrant: row.grantNumber,
    state: row.state as AttemptWork['state'],
    tryNumber: row.tryNumber,
    infraNumber: row.infraNumber,
    version: row.version,
    queuedAt: row.queuedAt,
    startDate: row.startDate,
    runnerId: row.runnerId,
    host: row.host,
    pid: row.pid,
    processGroups: row.processGroups === null ? [] : (JSON.parse(row.processGroups) as number[]),
    ...restoreLogs(row),
    savedState: savedStateOf(row),
    waiting: row.waiting === null ? null : (JSON.parse(row.waiting) as Waiting),
    pendingError:
      row.state === 'on_kill' && row.error !== null ? (JSON.parse(row.error) as SerializedError) : null,
    onKillLosses: 0,
  };
}

/** The place that the row names is among the earlier ones as long as the call after it has not begun. */
function restoreLogs(row: AttemptTable): Pick<AttemptWork, 'log' | 'earlierLogs'> {
  const place = attemptLogPlace(row);
  const earlierLogs = [...(place?.earlier ?? [])];
  const log = place === null || place.isEarlier ? null : { segment: place.segment, start: place.start };
  return { log, earlierLogs };
}

/** What a try that failed or was lost left for the next one. */
function leftState(row: AttemptTable): JsonObject | null {
  return row.state === 'failed' || row.state === 'lost' ? savedStateOf(row) : null;
}

function savedStateOf({ savedState }: AttemptTable): JsonObject | null {
  return savedState === null ? null : (JSON.parse(savedState) as JsonObject | null);
}

function groupByRun<T extends { readonly runKey: number }>(rows: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const row of rows) {
    const group = groups.get(row.runKey);
    if (group === undefined) groups.set(row.runKey, [row]);
    else group.push(row);
  }
  return groups;
}
