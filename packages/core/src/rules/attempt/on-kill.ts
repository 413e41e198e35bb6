import type { Changes } from '../work/changes.ts';
import { moveInstance } from '../work/move-instance.ts';
import { newGrant } from '../work/new-grant.ts';
import type { InstanceWork } from '../work/work.ts';

/**
 * `onKill` is a workload of its own: the attempt goes on under a new grant, in the state `on_kill`, until it is done or its time is
 * over. It stands in the attempt's row, so a scheduler that takes over makes it again (at least once).
 */

/** Whether ending this attempt from outside has to call its operator's `onKill`: it has one, and the attempt has begun. */
export function owesOnKill({ attempt, task }: InstanceWork): boolean {
  return (
    task.spec.onKill === true && attempt !== null && attempt.startDate !== null && attempt.state !== 'on_kill'
  );
}

/** Grants `onKill`. What ran is gone by now. */
export function grantOnKill(instance: InstanceWork, changes: Changes): void {
  const attempt = newGrant(instance, 'on_kill', changes);
  changes.onKills.push({ instance, attempt });
}

/**
 * Puts an instance that waits outside of a slot into `restarting`, for its `onKill`. That takes a slot even where none is free: what
 * it undoes may cost money, and it is short.
 */
export function restartWaiting(instance: InstanceWork, reason: string | null, changes: Changes): void {
  // It was about to be called again: the way from there leads through the queue.
  if (instance.state === 'scheduled') moveInstance(instance, 'queued', changes);
  moveInstance(instance, 'restarting', changes, reason);
  changes.owe(instance.occupied!);
}
