import type { Changes } from '../work/changes.ts';
import { takeBackSkips } from '../work/decision.ts';
import { moveInstance } from '../work/move-instance.ts';
import type { InstanceWork } from '../work/work.ts';

/** Takes an instance without an attempt back to where it had not begun. Its XComs and its tries stay readable. */
export function resetInstance(instance: InstanceWork, reason: string | null, changes: Changes): void {
  if (instance.state === 'none') return;
  const { state } = instance;
  if (state === 'up_for_reschedule' || state === 'deferred')
    moveInstance(instance, 'restarting', changes, reason);
  // Told once: what was being ended has said why.
  takeBackSkips(instance);
  moveInstance(instance, 'none', changes, instance.state === 'restarting' ? null : reason);
  instance.begunAt = null;
  instance.startDate = null;
  instance.endDate = null;
  instance.nextAt = null;
  instance.outputs = null;
  instance.listLengths = null;
}
