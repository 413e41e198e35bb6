import type { Store } from '../store.ts';
import { type RunArgs, runRow } from './run.ts';

/** One attempt as a bar over time. Instants are milliseconds UTC. */
export interface GanttSegment {
  readonly taskId: string;
  readonly mapPath: string;
  readonly attemptId: number;
  readonly tryNumber: number;
  readonly infraNumber: number;
  readonly state: string;
  /** When its instance could run for the first time or again; known of the newest attempt only. */
  readonly scheduledAt: number | null;
  readonly queuedAt: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
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
      'taskInstance.scheduledAt',
      'taskInstance.attemptId as newestAttemptId',
    ])
    .where('taskInstance.runKey', '=', run.key)
    .execute();
  return rows
    .sort((a, b) => a.queuedAt - b.queuedAt || a.attemptId - b.attemptId)
    .map(({ newestAttemptId, ...row }) => ({
      ...row,
      scheduledAt: row.attemptId === newestAttemptId ? row.scheduledAt : null,
    }));
}
