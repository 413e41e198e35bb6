import { holdsSlot } from '@tsflow/core/rules';
import { assertLegalPath, isRunFinished, type RunState, type TaskState } from '@tsflow/core/state';
import type { EventTable, Store } from '@tsflow/core/store';

export interface AuditOptions {
  /** Whether every run must have ended by now. Default true. */
  readonly settled?: boolean;
  /** Largest number of slots ever allowed, if it was the same all the time. */
  readonly parallelism?: number;
}

/**
 * Reads the append-only event table and holds it against the rows: what happened was legal, followed on what happened before, and
 * explains the state that is there now. Returns every violation in words; none is the verdict one wants.
 */
export async function audit(store: Store, options: AuditOptions = {}): Promise<readonly string[]> {
  const events = await store.db.selectFrom('event').selectAll().orderBy('id').execute();
  return [
    ...taskHistories(events),
    ...slotHistory(events, options.parallelism),
    ...(await statesRebuilt(store, events)),
    ...(await attempts(store)),
    ...(await runs(store, options.settled ?? true)),
    ...(await counters(store)),
  ];
}

/** Each event of a task begins where the one before ended, and every step is in the table of transitions. */
function taskHistories(events: readonly EventTable[]): string[] {
  const violations: string[] = [];
  const states = new Map<number, string>();
  for (const event of events) {
    if (event.type !== 'task_state' || event.taskInstanceKey === null) continue;
    const before = states.get(event.taskInstanceKey) ?? 'none';
    if (event.fromState !== before) {
      violations.push(
        `event ${event.id}: task instance ${event.taskInstanceKey} goes from ${event.fromState}, but was ${before}`,
      );
    }
    try {
      assertLegalPath(`Event ${event.id}`, pathOf(event));
    } catch (error) {
      violations.push((error as Error).message);
    }
    states.set(event.taskInstanceKey, event.toState!);
  }
  return violations;
}

function slotHistory(events: readonly EventTable[], parallelism = Number.POSITIVE_INFINITY): string[] {
  let used = 0;
  for (const event of events) {
    if (event.type !== 'task_state') continue;
    used += Number(holdsSlot(event.toState as TaskState)) - Number(holdsSlot(event.fromState as TaskState));
    if (used > parallelism) return [`event ${event.id}: ${used} slots in use, more than ${parallelism}`];
  }
  return [];
}

/** The state rebuilt from the events equals the rows. */
async function statesRebuilt(store: Store, events: readonly EventTable[]): Promise<string[]> {
  const tasks = new Map<number, string>();
  const dagRuns = new Map<number, string>();
  for (const { type, taskInstanceKey, runKey, toState } of events) {
    if (type === 'task_state') tasks.set(taskInstanceKey!, toState!);
    else if (type === 'run_state' || type === 'run_created') dagRuns.set(runKey!, toState!);
  }
  const taskRows = await store.db.selectFrom('taskInstance').select(['key', 'taskId', 'state']).execute();
  const runRows = await store.db.selectFrom('dagRun').select(['key', 'runId', 'state']).execute();
  return [
    ...taskRows
      .filter(({ key, state }) => state !== (tasks.get(key) ?? 'none'))
      .map(
        ({ key, taskId, state }) =>
          `${taskId} (${key}) is ${state}, its events say ${tasks.get(key) ?? 'none'}`,
      ),
    ...runRows
      .filter(({ key, state }) => state !== dagRuns.get(key))
      .map(({ key, runId, state }) => `${runId} is ${state}, its events say ${dagRuns.get(key)}`),
  ];
}

/** At most one accepted result per try, every attempt over, numbers never used twice. */
async function attempts(store: Store): Promise<string[]> {
  const violations: string[] = [];
  const rows = await store.db.selectFrom('attempt').selectAll().orderBy('attemptId').execute();
  const seen = new Map<string, string>();
  for (const { attemptId, taskInstanceKey, tryNumber, infraNumber, state, taskId } of rows) {
    const name = `try ${tryNumber}.${infraNumber} of ${taskId} (${taskInstanceKey})`;
    const key = `${taskInstanceKey}/${tryNumber}/${infraNumber}`;
    if (seen.has(key)) violations.push(`${name} has two attempts`);
    seen.set(key, state);
    const tryKey = `${taskInstanceKey}/${tryNumber}`;
    if (state === 'success' || state === 'failed' || state === 'skipped') {
      if (seen.has(tryKey)) violations.push(`${name}: a second result was accepted (attempt ${attemptId})`);
      seen.set(tryKey, state);
    }
  }
  return violations;
}

async function runs(store: Store, settled: boolean): Promise<string[]> {
  const rows = await store.db
    .selectFrom('dagRun')
    .select(['key', 'dagId', 'runId', 'slot', 'state'])
    .execute();
  const violations: string[] = [];
  const slots = new Set<string>();
  for (const { dagId, runId, slot, state } of rows) {
    if (settled && !isRunFinished(state as RunState))
      violations.push(`${runId} of ${dagId} is still ${state}`);
    if (slot !== null && slots.has(`${dagId}/${slot}`))
      violations.push(`two runs of ${dagId} have the slot ${slot}`);
    slots.add(`${dagId}/${slot}`);
  }
  return violations;
}

/** What the counters say equals what the task instances hold. */
async function counters(store: Store): Promise<string[]> {
  const rows = await store.db
    .selectFrom('taskInstance')
    .select(['state', 'pool', 'poolSlots', 'concurrencyKey'])
    .where('state', 'in', ['queued', 'running', 'restarting', 'deferred'])
    .execute();
  const actual = new Map<string, number>();
  const add = (name: string, by: number) => actual.set(name, (actual.get(name) ?? 0) + by);
  for (const { state, pool, poolSlots, concurrencyKey } of rows) {
    add(`pool_with_deferred:${pool}`, poolSlots);
    if (state === 'deferred') continue;
    add('parallelism', 1);
    add(`pool:${pool}`, poolSlots);
    if (concurrencyKey !== null) add(`key:${concurrencyKey}`, 1);
  }
  return [...(await store.turns.counters())]
    .filter(([name, used]) => used !== (actual.get(name) ?? 0))
    .map(([name, used]) => `counter ${name} says ${used}, the instances hold ${actual.get(name) ?? 0}`);
}

function pathOf({ data, fromState, toState }: EventTable): TaskState[] {
  const { path } = JSON.parse(data ?? '{}') as { path?: TaskState[] };
  return path ?? [fromState as TaskState, toState as TaskState];
}
