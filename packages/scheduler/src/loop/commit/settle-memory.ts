import type { BackfillWork, Changes, DagWorkState } from '@tsflow/core/rules';
import type { TurnResult } from '@tsflow/core/store';
import type { Admission } from '../grants/grants.ts';
import type { World } from '../held/world.ts';

/** What a turn decided is written: memory follows. Its counters, its indexes, and the runs that are no longer under way. */
export function settleMemory(
  { held, limits }: World,
  { counters, lostDags }: Extract<TurnResult, { status: 'committed' }>,
  changes: Changes,
  admitted: readonly Admission[],
): void {
  limits.committed(counters);
  for (const dagId of lostDags) held.drop(dagId);
  for (const instance of changes.instances) instance.path = null;
  for (const instance of changes.newInstances) instance.path = null;
  for (const [backfill, dag] of changes.backfills) {
    if (!isOver(backfill, dag)) continue;
    dag.backfills.delete(backfill.key);
    limits.forgetBackfill(dag, backfill.key);
  }
  for (const attempt of changes.attempts.keys()) attempt.storedGrant = attempt.grantNumber;
  for (const instance of changes.waiting) {
    // It may have been ended from outside in the turn in which it began to wait.
    if (instance.nextAt !== null) held.timers.set({ kind: 'instance', at: instance.nextAt, instance });
  }
  // Also one that ended and was cleared at once: a queued run costs no memory, and starts out of the database.
  for (const run of changes.runs.keys()) if (run.state !== 'running') held.forgetRun(run);
  for (const { instance, attempt } of admitted) held.indexAttempt(attempt.attemptId, instance);
  // Waits that were begun here have an attempt that nobody was handed.
  for (const { instance, attempt } of changes.newAttempts)
    if (instance.attempt === attempt) held.indexAttempt(attempt.attemptId, instance);
  for (const { attempt } of changes.endedAttempts) held.forgetAttempt(attempt.attemptId);
}

/** A backfill that was cancelled counts those of its runs that went on. */
function isOver({ key, endDate }: BackfillWork, { activeRuns, queuedRuns }: DagWorkState): boolean {
  return endDate !== null && !activeRuns.has(key) && !queuedRuns.has(key);
}
