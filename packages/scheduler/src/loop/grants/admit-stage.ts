import {
  admitInstance,
  beginWait,
  type Changes,
  type DagWorkState,
  type InstanceWork,
  isWait,
} from '@tsflow/core/rules';
import type { World } from '../held/world.ts';
import type { Admission } from './grants.ts';

/** New grants that one turn admits. */
const MAX_ADMISSIONS_PER_TURN = 512;

/** Lets the queue look again where this turn gave room back: in DAGs, pools and keys. */
export function openLanes({ held }: World, changes: Changes): void {
  for (const dag of dagsWithChanges(changes)) held.ready.openDag(dag.dagId);
  for (const [pool, delta] of [...changes.slots, ...changes.slotsWithDeferred])
    if (delta < 0) held.ready.openPool(pool);
  for (const [key, delta] of changes.keys) if (delta < 0) held.ready.openKey(key);
}

/** Waits begin at once, since they take no slot, and may decide about others at once; the rest goes to the queue. */
export async function makeReady({ held, keys }: World, changes: Changes): Promise<void> {
  // Grows while it is worked off.
  for (const instance of changes.ready) {
    if (!isWait(instance) || instance.run.dag.isPaused) {
      held.ready.add(instance);
    } else if (instance.state === 'scheduled') {
      await keys.ensure(1);
      beginWait(instance, keys.take, changes);
    }
  }
}

/** Admits what is first in the queue, as far as there is room. `isFull`: as many as one turn admits, so there may be more. */
export async function admitReady(
  { held, limits, keys }: World,
  changes: Changes,
): Promise<{ readonly admitted: readonly Admission[]; readonly isFull: boolean }> {
  const admitted: Admission[] = [];
  await keys.ensure(MAX_ADMISSIONS_PER_TURN);
  const onAdmit = (instance: InstanceWork) => {
    const attempt = admitInstance(instance, keys.take, changes);
    if (attempt !== null) admitted.push({ instance, attempt });
    for (const ready of changes.ready.splice(0)) if (ready.state === 'scheduled') held.ready.add(ready);
  };
  for (const instance of changes.ready.splice(0)) limits.noteIfTooLarge(instance);
  const room = () => limits.parallelismRoom;
  const count = held.ready.admit(limits, room, onAdmit, MAX_ADMISSIONS_PER_TURN);
  return { admitted, isFull: count === MAX_ADMISSIONS_PER_TURN };
}

function dagsWithChanges(changes: Changes): Set<DagWorkState> {
  return new Set([...changes.instances].map((instance) => instance.run.dag));
}
