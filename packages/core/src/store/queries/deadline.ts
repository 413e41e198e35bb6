import { deadlinesOf } from '../../rules/deadlines.ts';
import type { Store } from '../store.ts';
import { type RunArgs, runRow } from './run.ts';

/** A deadline of one run. Instants are milliseconds UTC. */
export interface RunDeadline {
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  readonly dueAt: number;
  /** `waiting`: not there yet; `met`; `missed`. */
  readonly state: 'waiting' | 'met' | 'missed';
  readonly missedAt: number | null;
  /** When what it is about was done; null: it is not. */
  readonly doneAt: number | null;
}

/** The deadlines of a run, earliest first, and what became of them. Throws NotFoundError. */
export async function listDeadlines(
  store: Store,
  args: RunArgs,
  now: number,
): Promise<readonly RunDeadline[]> {
  const run = await runRow(store, args);
  const dag = await store.catalog.serialized(run.version);
  const due = dag === null ? [] : deadlinesOf(run, dag);
  const [misses, tasks] = await Promise.all([
    store.db.selectFrom('deadlineMiss').selectAll().where('runKey', '=', run.key).execute(),
    store.turns.taskInstances([run.key]),
  ]);
  const missed = new Map(misses.map((miss) => [miss.name, miss]));
  const doneAt = (taskId: string | null): number | null => {
    if (taskId === null) return run.endDate;
    const ends = tasks.filter((task) => task.taskId === taskId);
    if (ends.some(({ state }) => state !== 'success' && state !== 'skipped') || ends.length === 0)
      return null;
    return Math.max(...ends.map(({ endDate }) => endDate ?? 0));
  };
  const all = due.map(({ deadline: { name, taskId }, dueAt }): RunDeadline => {
    const miss = missed.get(name);
    const done = doneAt(taskId);
    const state = miss !== undefined ? 'missed' : done === null && dueAt > now ? 'waiting' : 'met';
    return {
      name,
      taskId,
      dueAt: miss?.dueAt ?? dueAt,
      state,
      missedAt: miss?.missedAt ?? null,
      doneAt: done,
    };
  });
  return all.sort((a, b) => a.dueAt - b.dueAt);
}
