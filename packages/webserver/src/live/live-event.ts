import { eventNames } from '@tsflow/core/queries';
import type { EventTable, Store } from '@tsflow/core/store';

/** A change as watchers get it: which thing, from which state to which. What else happened to it they ask for. */
export interface LiveEvent {
  readonly id: number;
  readonly at: string;
  readonly type: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly runKey: number | null;
  readonly taskId: string | null;
  readonly mapPath: string | null;
  readonly fromState: string | null;
  readonly toState: string | null;
}

/** What a watcher wants to hear of; absent: everything. */
export interface LiveFilter {
  readonly dagId?: string | undefined;
  readonly runId?: string | undefined;
}

/** Rows of the event table with the names that people know, in the order given. */
export async function liveEvents(store: Store, rows: readonly EventTable[]): Promise<readonly LiveEvent[]> {
  if (rows.length === 0) return [];
  const names = await eventNames(store, rows);
  return rows.map((row) => {
    const task = row.taskInstanceKey === null ? undefined : names.taskInstances.get(row.taskInstanceKey);
    return {
      id: row.id,
      at: new Date(row.at).toISOString(),
      type: row.type,
      dagId: row.dagId,
      runId: row.runKey === null ? null : (names.runs.get(row.runKey) ?? null),
      runKey: row.runKey,
      taskId: task?.taskId ?? null,
      mapPath: task?.mapPath ?? null,
      fromState: row.fromState,
      toState: row.toState,
    };
  });
}

export function passes(event: LiveEvent, filter: LiveFilter): boolean {
  return (
    (filter.dagId === undefined || event.dagId === filter.dagId) &&
    (filter.runId === undefined || event.runId === filter.runId)
  );
}
