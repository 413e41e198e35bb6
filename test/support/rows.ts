import type { SerializedDag } from '@tsflow/core/serialization';
import {
  type DagEffects,
  type DagRunTable,
  emptyEffects,
  type NewAttempt,
  type NewEvent,
  type ParsedFile,
  type Store,
  type TaskInstanceTable,
  type TaskUpdate,
  type Turn,
} from '@tsflow/core/store';
import { serializedDag } from './serialized-dag.ts';

/** Rows with something in every column, for tests of the store: what matters is given, the rest is plausible. */
export const AT = Date.UTC(2026, 0, 15);

export function parsedFile(path: string, ...dags: SerializedDag[]): ParsedFile {
  return {
    file: { path, digest: `digest of ${path}`, modifiedAt: AT, parseMs: 12 },
    dags: dags.map((serialized) => ({
      version: `version-of-${JSON.stringify(serialized).length}-${serialized.dagId}`,
      bundle: `bundle of ${path}`,
      entry: 'dag.mjs',
      lockfileDigest: null,
      files: [{ path: 'dag.mjs', content: '// bundled' }],
      serialized,
    })),
  };
}

/** A DAG in the catalog and a scheduler that holds it. */
export async function holdDags(store: Store, schedulerId: string, ...dagIds: string[]): Promise<void> {
  await store.catalog.record({
    at: AT,
    parsed: dagIds.map((dagId) => parsedFile(`${dagId}.ts`, serializedDag(dagId))),
    failed: [],
    removed: [],
  });
  await registerScheduler(store, schedulerId);
  await store.leases.acquire(schedulerId, dagIds.length);
}

export const registerScheduler = (
  store: Store,
  id: string,
  socketPath: string | null = null,
): Promise<void> =>
  store.leases.register({
    id,
    host: 'localhost',
    bootId: '',
    pid: 1,
    pidStart: '',
    startedAt: Date.now(),
    socketPath,
  });

export function turnOf(turn: number, ...dags: DagEffects[]): Turn {
  return { schedulerId: 'one', turn, turnMs: 3, counters: [], dags };
}

export function effectsOf(dagId: string, effects: Partial<DagEffects> = {}): DagEffects {
  return { ...emptyEffects(dagId, 1), ...effects };
}

export function runRow(key: number, changes: Partial<DagRunTable> = {}): DagRunTable {
  return {
    key,
    dagId: 'etl',
    runId: `scheduled__${key}`,
    runType: 'scheduled',
    slot: AT + key,
    logicalDate: AT + key,
    dataIntervalStart: AT,
    dataIntervalEnd: AT + 1,
    state: 'running',
    version: 'v1',
    conf: '{}',
    queuedAt: AT,
    startDate: AT,
    endDate: null,
    triggeredBy: null,
    note: null,
    reason: null,
    targetState: null,
    backfillKey: null,
    ordinal: key,
    clearNumber: 0,
    partitionKey: null,
    setByHand: 0,
    taskIds: null,
    ...changes,
  };
}

export function taskRow(
  key: number,
  runKey: number,
  changes: Partial<TaskInstanceTable> = {},
): TaskInstanceTable {
  return {
    key,
    runKey,
    dagId: 'etl',
    taskId: `task-${key}`,
    mapPath: '',
    mapSort: '',
    state: 'none',
    tryNumber: 0,
    infraNumber: 0,
    maxTries: 1,
    clearNumber: 0,
    attemptId: null,
    grantNumber: 0,
    scheduledAt: null,
    queuedAt: null,
    begunAt: null,
    startDate: null,
    endDate: null,
    nextAt: null,
    targetState: null,
    reason: null,
    decision: null,
    priorityWeight: 1,
    pool: 'default_pool',
    poolSlots: 1,
    concurrencyKey: null,
    renderedMapIndex: null,
    ...changes,
  };
}

export function taskUpdate(
  row: TaskInstanceTable,
  state: string,
  changes: Partial<TaskUpdate> = {},
): TaskUpdate {
  const {
    runKey: _r,
    dagId: _d,
    taskId: _t,
    mapPath: _p,
    mapSort: _s,
    renderedMapIndex: _n,
    ...columns
  } = row;
  return { ...columns, from: row.state, state, ...changes };
}

export function attemptRow(attemptId: number, task: TaskInstanceTable): NewAttempt {
  const { key, runKey, dagId, taskId, mapPath } = task;
  return {
    attemptId,
    taskInstanceKey: key,
    runKey,
    dagId,
    taskId,
    mapPath,
    tryNumber: 1,
    infraNumber: 0,
    version: 'v1',
    state: 'queued',
    grantNumber: 1,
    queuedAt: AT,
    savedState: null,
    groupTries: null,
  };
}

export const NO_ATTEMPT_CHANGES = {
  startDate: null,
  endDate: null,
  runnerId: null,
  host: null,
  pid: null,
  processGroups: null,
  logSegment: null,
  logStart: null,
  logEnd: null,
  earlierLogs: null,
  error: null,
  rendered: null,
  savedState: null,
  waiting: null,
  waitsForDag: null,
} as const;

export function eventRow(changes: Partial<NewEvent> = {}): NewEvent {
  return {
    at: AT,
    dagId: 'etl',
    runKey: null,
    taskInstanceKey: null,
    attemptId: null,
    type: 'dag_paused',
    fromState: null,
    toState: null,
    actor: 'scheduler',
    data: null,
    ...changes,
  };
}
