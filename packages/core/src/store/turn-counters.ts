import { holdsSlot, staysInPool } from '../rules/index.ts';
import { TASK_STATES, type TaskState } from '../state/index.ts';
import type { TaskInstanceTable } from './tables.ts';
import type { DagEffects, Turn } from './turn.ts';

/** States in which an instance keeps slots of a pool that counts deferred tasks too. */
export const POOL_STATES: readonly TaskState[] = TASK_STATES.filter(staysInPool);

/** Counts the slots of a pool that are taken: the pool's counter when it counts deferred tasks too, or when it does not. */
export const poolCounter = (pool: string, includeDeferred: boolean): string =>
  includeDeferred ? `pool_with_deferred:${pool}` : `pool:${pool}`;

/** Counts the tasks under way that share a concurrency key. */
export const concurrencyCounter = (key: string): string => `key:${key}`;

/** How a turn moves one counter, net, and up to which limit (null: whatever the limit). */
export interface CounterMove {
  readonly name: string;
  readonly delta: number;
  readonly limit: number | null;
}

/**
 * What is left of a turn's counter changes without the DAGs that left it: their tasks stay where they were, so their slots do too.
 * By name, which is the order in which every scheduler locks them.
 */
export function counterMoves(turn: Turn, lost: readonly DagEffects[]): CounterMove[] {
  const moves = new Map<string, { delta: number; limit: number | null }>();
  const add = (name: string, delta: number, limit: number | null) => {
    const known = moves.get(name);
    moves.set(name, { delta: (known?.delta ?? 0) + delta, limit: limit ?? known?.limit ?? null });
  };
  for (const change of turn.counters) add(change.name, change.delta, change.limit < 0 ? null : change.limit);
  for (const effects of lost) {
    for (const [name, delta] of slotDeltas(effects)) if (moves.has(name)) add(name, -delta, null);
  }
  return [...moves]
    .map(([name, move]) => ({ name, ...move }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

type Occupying = Pick<TaskInstanceTable, 'state' | 'pool' | 'poolSlots' | 'concurrencyKey'>;

function slotDeltas(effects: DagEffects): ReadonlyMap<string, number> {
  const deltas = new Map<string, number>();
  const add = (name: string, by: number) => deltas.set(name, (deltas.get(name) ?? 0) + by);
  const move = (from: string, { state, pool, poolSlots, concurrencyKey }: Occupying) => {
    const kept = Number(staysInPool(state as TaskState)) - Number(staysInPool(from as TaskState));
    if (kept !== 0) add(poolCounter(pool, true), kept * poolSlots);
    const sign = Number(holdsSlot(state as TaskState)) - Number(holdsSlot(from as TaskState));
    if (sign === 0) return;
    add('parallelism', sign);
    add(poolCounter(pool, false), sign * poolSlots);
    if (concurrencyKey !== null) add(concurrencyCounter(concurrencyKey), sign);
  };
  for (const task of effects.tasksInserted) move('none', task);
  for (const task of effects.tasksUpdated) move(task.from, task);
  for (const task of effects.tasksMoved) move(task.from, task);
  return deltas;
}
