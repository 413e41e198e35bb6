import {
  type ArrivalChange,
  type AssetArrival,
  type AttemptWork,
  type BackfillWork,
  type CallbackChange,
  type CallbackWork,
  type Changes,
  type DagWorkState,
  type EndedAttempt,
  type GroupWork,
  type InstanceWork,
  occupiedBy,
  type RunWork,
  type TurnEvent,
} from '@tsflow/core/rules';
import type {
  AssetArrivalTable,
  AttemptUpdate,
  BackfillTable,
  CallbackUpdate,
  DagEffects,
  DagRunTable,
  DecidedIntent,
  GroupTryTable,
  NewAlert,
  NewAttempt,
  NewCallback,
  NewEvent,
  NewTaskInstance,
  RunUpdate,
  TaskMove,
  TaskUpdate,
} from '@tsflow/core/store';
import { emptyEffects } from '@tsflow/core/store';
import { assetEventRow } from '../assets/asset-stage.ts';

/** What a turn writes besides the changes of the working state. */
export interface TurnNotes {
  readonly intentsDecided: readonly { dagId: string; intent: DecidedIntent }[];
  readonly alerts: readonly { dag: DagWorkState; alert: NewAlert }[];
}

/** Changes of the working state to rows, DAG by DAG. Reads the working state, changes nothing. */
export function turnEffects(
  changes: Changes,
  notes: TurnNotes,
  dagOf: (dagId: string) => DagWorkState,
): DagEffects[] {
  const byDag = new Map<string, DagEffects>();
  const effects = (dag: DagWorkState): DagEffects => {
    let of = byDag.get(dag.dagId);
    if (of === undefined) {
      of = emptyEffects(dag.dagId, dag.epoch);
      byDag.set(dag.dagId, of);
    }
    return of;
  };
  for (const dag of changes.dags.keys()) {
    byDag.set(dag.dagId, { ...emptyEffects(dag.dagId, dag.epoch), dag: dagChange(dag, changes) });
  }
  for (const [backfill, dag] of changes.backfills) {
    const rows = changes.newBackfills.has(backfill)
      ? effects(dag).backfillsInserted
      : effects(dag).backfillsUpdated;
    rows.push(backfillRow(dag, backfill));
  }
  for (const run of changes.newRuns) effects(run.dag).runsInserted.push(runRow(run));
  for (const [run, from] of changes.runs) {
    if (!changes.newRuns.has(run)) effects(run.dag).runsUpdated.push(runUpdate(run, from));
  }
  for (const instance of changes.newInstances)
    effects(instance.run.dag).tasksInserted.push(taskRow(instance));
  for (const instance of changes.instances) {
    const of = effects(instance.run.dag);
    if (changes.moved.has(instance) && !changes.newInstances.has(instance))
      of.tasksMoved.push(taskMove(instance));
    else if (!changes.newInstances.has(instance)) of.tasksUpdated.push(taskUpdate(instance));
    if (instance.path !== null) of.events.push(taskEvent(instance, changes.now));
  }
  for (const instance of changes.named)
    effects(instance.run.dag).tasksNamed.push({
      key: instance.key,
      renderedMapIndex: instance.renderedMapIndex!,
    });
  for (const group of changes.groups) effects(group.run.dag).groupTries.push(groupRow(group));
  for (const { instance, attempt } of changes.newAttempts) {
    effects(instance.run.dag).attemptsInserted.push(attemptRow(instance, attempt));
  }
  const ended = new Set(changes.endedAttempts.map((end) => end.attempt));
  for (const [attempt, instance] of changes.attempts) {
    if (!ended.has(attempt)) effects(instance.run.dag).attemptsUpdated.push(attemptUpdate(attempt, null));
  }
  for (const end of changes.endedAttempts) {
    effects(end.instance.run.dag).attemptsUpdated.push(attemptUpdate(end.attempt, end));
  }
  for (const { dagId, ...xcom } of changes.xcoms) effects(dagOf(dagId)).xcoms.push(xcom);
  for (const event of changes.events) effects(dagOf(event.dagId)).events.push(eventRow(event, changes.now));
  for (const callback of changes.newCallbacks) {
    effects(callback.dag).callbacksInserted.push(callbackRow(callback));
  }
  for (const change of changes.callbacks) {
    effects(change.callback.dag).callbacksUpdated.push(callbackUpdate(change, changes.now));
  }
  for (const { run, name, taskId, dueAt } of changes.deadlinesMissed) {
    const { dagId } = run.dag;
    const missedAt = changes.now;
    effects(run.dag).deadlinesMissed.push({ runKey: run.key, name, dagId, taskId, dueAt, missedAt });
  }
  for (const event of changes.assetEvents) {
    effects(event.instance.run.dag).assetEvents.push(assetEventRow(event, changes.now));
  }
  for (const [arrival, change] of changes.assetArrivals) {
    effects(change.dag).assetArrivals.push(arrivalRow(arrival, change));
  }
  for (const { dag, alert } of notes.alerts) effects(dag).alerts.push(alert);
  for (const { dagId, intent } of notes.intentsDecided) effects(dagOf(dagId)).intentsDecided.push(intent);
  for (const { from, payload, ...intent } of changes.sent) {
    const row = { ...intent, payload: JSON.stringify(payload), actor: 'scheduler', requestedAt: changes.now };
    effects(from).intentsSent.push(row);
  }
  return [...byDag.values()];
}

function dagChange(dag: DagWorkState, changes: Changes): NonNullable<DagEffects['dag']> {
  const before = changes.dags.get(dag)!;
  return {
    ...(before.isPaused === dag.isPaused ? {} : { isPaused: dag.isPaused }),
    ...(before.skipUntil === dag.skipUntil ? {} : { skipUntil: dag.skipUntil }),
    mark: { from: before.mark, to: dag.mark, version: dag.graph.version, nextTick: dag.nextTick },
  };
}

function backfillRow(dag: DagWorkState, backfill: BackfillWork): BackfillTable {
  return { ...backfill, dagId: dag.dagId, options: JSON.stringify(backfill.options) };
}

function runRow(run: RunWork): DagRunTable {
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

function runUpdate(run: RunWork, from: string): RunUpdate {
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

function taskRow(instance: InstanceWork): NewTaskInstance {
  return {
    ...taskColumns(instance),
    runKey: instance.run.key,
    dagId: instance.run.dag.dagId,
    taskId: instance.task.spec.taskId,
    mapPath: instance.mapPath,
    mapSort: instance.mapSort,
  };
}

function taskMove(instance: InstanceWork): TaskMove {
  return { ...taskUpdate(instance), mapPath: instance.mapPath, mapSort: instance.mapSort };
}

function taskUpdate(instance: InstanceWork): TaskUpdate {
  return { ...taskColumns(instance), from: instance.path?.[0] ?? instance.state };
}

function taskEvent(instance: InstanceWork, at: number): NewEvent {
  const path = instance.path!;
  const data = {
    tryNumber: instance.tryNumber,
    ...(path.length > 2 ? { path } : {}),
    ...(instance.reason === null ? {} : { reason: instance.reason }),
  };
  return {
    at,
    dagId: instance.run.dag.dagId,
    runKey: instance.run.key,
    taskInstanceKey: instance.key,
    attemptId: instance.attemptId,
    type: 'task_state',
    fromState: path[0]!,
    toState: instance.state,
    actor: 'scheduler',
    data: JSON.stringify(data),
  };
}

function attemptRow(instance: InstanceWork, attempt: AttemptWork): NewAttempt {
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

function groupRow({ run, group, mapPath, tryNumber, maxTries, failed }: GroupWork): GroupTryTable {
  const { dagId } = run.dag;
  const failedKey = failed?.key ?? null;
  return { runKey: run.key, groupId: group.groupId, mapPath, dagId, tryNumber, maxTries, failedKey };
}

function attemptUpdate(attempt: AttemptWork, end: EndedAttempt | null): AttemptUpdate {
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
    logSegment: attempt.log?.segment ?? null,
    logStart: attempt.log?.start ?? null,
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

function arrivalRow(arrival: AssetArrival, { dag, state, run }: ArrivalChange): AssetArrivalTable {
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

function callbackRow(callback: CallbackWork): NewCallback {
  const { dag, facts, losses: _, ...row } = callback;
  return {
    ...row,
    dagId: dag.dagId,
    deadline: facts.deadline?.name ?? null,
    facts: JSON.stringify(facts),
    state: 'pending',
  };
}

function callbackUpdate(change: CallbackChange, now: number): CallbackUpdate {
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

function eventRow(event: TurnEvent, at: number): NewEvent {
  return {
    at,
    dagId: event.dagId,
    runKey: event.run?.key ?? event.instance?.run.key ?? event.runKey ?? null,
    taskInstanceKey: event.instance?.key ?? null,
    attemptId: event.attemptId ?? null,
    type: event.type,
    fromState: event.from ?? null,
    toState: event.to ?? null,
    actor: event.actor ?? 'scheduler',
    data: event.data === undefined ? null : JSON.stringify(event.data),
  };
}
