import type { Changes } from '@tsflow/core/rules';
import type { Executor } from '../../executors/executor.ts';
import type { World } from '../held/world.ts';

/** Reads the limits anew. When one is another now, whatever waits is looked at again; a Variable that is no limit moves nothing. */
export async function refreshLimits(
  { held, limits }: World,
  executor: Executor,
  changes: Changes,
): Promise<void> {
  if (!(await limits.refresh())) return;
  held.ready.openAll();
  for (const dag of held.dags.values()) changes.roomInDags.add(dag);
  executor.setConcurrency(limits.parallelism);
}

/** Another scheduler may have given back slots for which something waits here. */
export async function learnUse({ held, limits, store }: World): Promise<void> {
  if (!store.allowsSeveralSchedulers || !held.ready.isWaiting) return;
  if (await limits.loadUse()) held.ready.openAll();
}
