import type { Store } from '../store.ts';
import { type RunArgs, runRow } from './run.ts';

/** One attempt as a bar over time. Instants are milliseconds UTC. */
export interface GanttSegment {
  readonly taskId: string;
  readonly mapPath: string;
  /** How people call its map index; null: by its number. */
  readonly renderedMapIndex: string | null;
  readonly attemptId: number;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly state: string;
  /** When its instance could run for the first time or again; known of the newest attempt only. */
  readonly scheduledAt: number | null;
  readonly queuedAt: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
  /** Stretches between its start and its end in which no process of it ran, oldest first. */
  readonly pauses: readonly GanttPause[];
}

/** `deferred` and `up_for_reschedule`: it waits outside a slot. `queued`: it could go on and waits for one. */
export interface GanttPause {
  readonly state: 'deferred' | 'up_for_reschedule' | 'queued';
  readonly from: number;
  /** Null: still. */
  readonly to: number | null;
}

/** Every attempt of a run, oldest first. Throws NotFoundError. */
export async function runGantt(store: Store, args: RunArgs): Promise<readonly GanttSegment[]> {
  const run = await runRow(store, args);
  const rows = await store.db
    .selectFrom('taskInstance')
    .innerJoin('attempt', 'attempt.taskInstanceKey', 'taskInstance.key')
    .select([
      'attempt.taskId',
      'attempt.mapPath',
      'attempt.attemptId',
      'attempt.tryNumber',
      'attempt.infraNumber',
      'attempt.state',
      'attempt.queuedAt',
      'attempt.startDate',
      'attempt.endDate',
      'taskInstance.renderedMapIndex',
      'taskInstance.key as instanceKey',
      'taskInstance.scheduledAt',
      'taskInstance.attemptId as newestAttemptId',
    ])
    .where('taskInstance.runKey', '=', run.key)
    .execute();
  const pauses = await pausesOf(store, run.key);
  return rows
    .sort((a, b) => a.queuedAt - b.queuedAt || a.attemptId - b.attemptId)
    .map(({ newestAttemptId, instanceKey, ...row }) => ({
      ...row,
      scheduledAt: row.attemptId === newestAttemptId ? row.scheduledAt : null,
      pauses: (pauses.get(instanceKey) ?? []).filter(
        ({ from }) =>
          row.startDate !== null && row.startDate <= from && (row.endDate === null || from < row.endDate),
      ),
    }));
}

const PAUSES: readonly string[] = ['deferred', 'up_for_reschedule'];

/** The pauses of the run's instances (by key), as the events of those that paused at all tell. */
async function pausesOf(store: Store, runKey: number): Promise<ReadonlyMap<number, GanttPause[]>> {
  const events = await store.db
    .selectFrom('event')
    .select(['taskInstanceKey', 'toState', 'at'])
    .where('runKey', '=', runKey)
    .where('type', '=', 'task_state')
    .where('taskInstanceKey', 'in', (eb) =>
      eb
        .selectFrom('event as pause')
        .select('pause.taskInstanceKey')
        .where('pause.runKey', '=', runKey)
        .where('pause.toState', 'in', PAUSES),
    )
    .orderBy('id')
    .execute();
  const pauses = new Map<number, GanttPause[]>();
  for (const { taskInstanceKey, toState, at } of events) {
    const ofInstance = pauses.get(taskInstanceKey!) ?? [];
    pauses.set(taskInstanceKey!, ofInstance);
    const last = ofInstance.at(-1);
    if (last !== undefined && last.to === null) ofInstance[ofInstance.length - 1] = { ...last, to: at };
    const isBack =
      last !== undefined && last.to === null && (toState === 'scheduled' || toState === 'queued');
    if (PAUSES.includes(toState ?? ''))
      ofInstance.push({ state: toState as GanttPause['state'], from: at, to: null });
    else if (isBack) ofInstance.push({ state: 'queued', from: at, to: null });
  }
  return pauses;
}
