import type { Changes } from './changes.ts';
import type { AttemptWork, InstanceWork } from './work.ts';

/**
 * Hands the attempt of an instance out anew: whoever worked on it under an earlier grant is refused from now on, and nobody works on it yet. So when
 * its holder dies before a runner began, it is granted again and counts as no loss.
 */
export function newGrant(instance: InstanceWork, state: AttemptWork['state'], changes: Changes): AttemptWork {
  const attempt = instance.attempt!;
  instance.grantNumber += 1;
  attempt.grantNumber = instance.grantNumber;
  attempt.state = state;
  attempt.runnerId = null;
  attempt.host = null;
  attempt.pid = null;
  attempt.processGroups.length = 0;
  changes.instances.add(instance);
  changes.attempts.set(attempt, instance);
  return attempt;
}
