import { type SqlBool, sql } from 'kysely';
import { holdsSlot } from '../../rules/index.ts';
import type { TaskState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import { POOL_STATES } from '../turn-counters.ts';

/** A task instance that occupies slots of a pool, or waits for some. Instants are milliseconds UTC. */
export interface PoolTask {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapPath: string;
  /** How people call its map index; null: by its number. */
  readonly renderedMapIndex: string | null;
  readonly state: TaskState;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  /** When it took its slots; null while it waits. */
  readonly queuedAt: number | null;
  /** When it began to wait. */
  readonly scheduledAt: number | null;
}

export interface ListPoolTasksArgs {
  readonly pool: string;
  /** Of those that wait: 1 to 500. */
  readonly limit: number;
}

/**
 * Who occupies the slots of a pool, longest first, deferred ones where the pool counts them; then who waits, the highest weight first, which is the order among tasks of one
 * DAG. Waiting may be for the pool or for another limit.
 */
export async function listPoolTasks(
  { db }: Store,
  { pool, limit }: ListPoolTasksArgs,
): Promise<readonly PoolTask[]> {
  // By the few open runs to their tasks: what has ended is never looked at.
  const ofPool = db
    .selectFrom('taskInstance')
    .innerJoin('dagRun', 'dagRun.key', 'taskInstance.runKey')
    .select([
      'dagRun.dagId',
      'dagRun.runId',
      'taskInstance.taskId',
      'taskInstance.mapPath',
      'taskInstance.renderedMapIndex',
      'taskInstance.state',
      'taskInstance.poolSlots',
      'taskInstance.priorityWeight',
      'taskInstance.queuedAt',
      'taskInstance.scheduledAt',
    ])
    .where('taskInstance.runKey', 'in', (of) =>
      of
        .selectFrom('dagRun as open')
        .select('open.key')
        // As the partial index of open runs says it: parameters would prove nothing to the planner.
        .where(sql<SqlBool>`(open.state = 'queued' or open.state = 'running')`),
    )
    .where('taskInstance.pool', '=', pool);
  const counted = await db
    .selectFrom('pool')
    .select('includeDeferred')
    .where('name', '=', pool)
    .executeTakeFirst();
  const holders = counted?.includeDeferred === 1 ? POOL_STATES : POOL_STATES.filter(holdsSlot);
  const [holding, waiting] = await Promise.all([
    ofPool
      .where('taskInstance.state', 'in', [...holders])
      .orderBy('taskInstance.queuedAt')
      .orderBy('taskInstance.key')
      .execute(),
    ofPool
      .where('taskInstance.state', '=', 'scheduled')
      .orderBy('taskInstance.priorityWeight', 'desc')
      .orderBy('taskInstance.scheduledAt')
      .orderBy('taskInstance.key')
      .limit(limit)
      .execute(),
  ]);
  return [
    ...holding.map((row): PoolTask => ({ ...row, state: row.state as TaskState })),
    ...waiting.map((row): PoolTask => ({ ...row, state: row.state as TaskState, queuedAt: null })),
  ];
}
