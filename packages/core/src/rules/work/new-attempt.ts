import type { Changes } from './changes.ts';
import type { AttemptWork, InstanceWork } from './work.ts';

/** A row for another start of an instance. It gets what the one before it left. */
export function newAttempt(instance: InstanceWork, attemptId: number, changes: Changes): AttemptWork {
  const attempt: AttemptWork = {
    attemptId,
    grantNumber: instance.grantNumber,
    storedGrant: instance.grantNumber,
    state: 'queued',
    tryNumber: instance.tryNumber,
    infraNumber: instance.infraNumber,
    version: instance.run.graph.version,
    queuedAt: changes.now,
    startDate: null,
    runnerId: null,
    host: null,
    pid: null,
    processGroups: [],
    log: null,
    earlierLogs: [],
    savedState: instance.savedState,
    waiting: null,
    pendingError: null,
    onKillLosses: 0,
  };
  instance.savedState = null;
  changes.newAttempts.push({ instance, attempt });
  return attempt;
}
