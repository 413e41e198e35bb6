import { InvalidInputError } from '../errors.ts';
import { type Changes, type InstanceWork, type RunWork, selectInstances } from '../rules/index.ts';
import { isFinished } from '../state/index.ts';
import type { PrioritizePayload } from './intent.ts';

/** Largest weight: signed 32 bits, as everywhere. */
const MAX_WEIGHT = 2 ** 31 - 1;

/**
 * Changes the effective weight of what has not ended. What waits for a slot takes its new place at once, what runs goes on. Returns
 * what changed. Throws {@link InvalidInputError} for a weight that is no whole number of 32 bits.
 */
export function applyPrioritize(
  run: RunWork,
  payload: PrioritizePayload,
  changes: Changes,
): readonly InstanceWork[] {
  const { priorityWeight } = payload;
  if (
    priorityWeight !== null &&
    (!Number.isInteger(priorityWeight) || Math.abs(priorityWeight) > MAX_WEIGHT)
  ) {
    throw new InvalidInputError(
      `priorityWeight: expected a whole number of at most 32 bits, got ${priorityWeight}.`,
    );
  }
  const changed = selectInstances(run, payload).filter((instance) => {
    const { weight } = instance.task;
    return !isFinished(instance.state) && (instance.priorityWeight ?? weight) !== (priorityWeight ?? weight);
  });
  for (const instance of changed) {
    instance.priorityWeight = priorityWeight === instance.task.weight ? null : priorityWeight;
    changes.instances.add(instance);
  }
  return changed;
}
