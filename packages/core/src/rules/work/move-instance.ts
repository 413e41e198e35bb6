import { assertLegalPath, isFinished, type TaskState } from '../../state/index.ts';
import { holdsSlot, isLive, staysInPool } from './activity.ts';
import type { Changes } from './changes.ts';
import { countLive, noteInFollowers } from './map-scope.ts';
import type { AttemptWork, InstanceWork, Occupied } from './work.ts';

/**
 * The one way in which an instance's state changes in memory: checks the step, keeps the counters of its run, its DAG and the
 * limits, and notes the path, so that what was passed within a turn is one row update and one event.
 *
 * Throws `IllegalTransitionError` for a step that the table does not have.
 */
export function moveInstance(
  instance: InstanceWork,
  to: TaskState,
  changes: Changes,
  reason: string | null = null,
): void {
  const from = instance.state;
  assertLegalPath(
    `Task ${instance.task.spec.taskId} of ${instance.run.dag.dagId}, run ${instance.run.runId}`,
    [from, to],
  );
  instance.path = instance.path === null ? [from, to] : [...instance.path, to];
  instance.state = to;
  instance.reason = reason;
  changes.instances.add(instance);
  const { run } = instance;
  // One whose task the run's version does not have any more is history, also while it is being ended.
  const counts = instance.task.index >= 0;
  if (counts && isFinished(from) !== isFinished(to)) {
    const by = isFinished(to) ? -1 : 1;
    run.unfinished.count += by;
    for (const scope of instance.scopes) scope.unfinished += by;
    for (const group of instance.groups) {
      group.unfinished += by;
      if (group.unfinished === 0) run.ending.add(group);
    }
  }
  if (counts && isLive(from) !== isLive(to)) {
    const by = isLive(to) ? 1 : -1;
    run.live.count += by;
    for (const group of instance.groups) countLive(group, by);
  }
  if (from === 'up_for_retry') cancelRestart(instance, changes);
  if (holdsSlot(from) !== holdsSlot(to)) moveSlots(instance, holdsSlot(to) ? 1 : -1, changes);
  if (staysInPool(from) !== staysInPool(to)) keepInPool(instance, staysInPool(to) ? 1 : -1, changes);
  if (isFinished(to)) {
    instance.endDate = changes.now;
    run.leaving.delete(instance);
  }
  noteInFollowers(instance, to);
}

/** Somebody decided otherwise about the instance whose failure would have made a group begin again. */
function cancelRestart(instance: InstanceWork, changes: Changes): void {
  const group = instance.groups.find(({ failed }) => failed === instance);
  if (group === undefined) return;
  group.failed = null;
  instance.run.restarting.delete(group);
  instance.run.continuing.delete(group);
  changes.groups.add(group);
  changes.reopened.add(group);
}

/** Forgets the attempt that ran; its row gets its end. */
export function endAttempt(
  instance: InstanceWork,
  end: Omit<Changes['endedAttempts'][number], 'instance' | 'attempt'>,
  changes: Changes,
): AttemptWork {
  const attempt = instance.attempt!;
  // A try that failed or was lost may have left something outside, which the next one takes over.
  instance.savedState = end.state === 'failed' || end.state === 'lost' ? attempt.savedState : null;
  changes.endedAttempts.push({ instance, attempt, ...end });
  instance.attempt = null;
  return attempt;
}

/** What an instance takes when it gets a slot now, by the version that its run has. */
export function occupiedBy({ task: { spec, runLimits } }: InstanceWork): Occupied {
  return {
    taskId: spec.taskId,
    pool: spec.pool,
    poolSlots: spec.poolSlots,
    concurrencyKey: spec.concurrency?.key ?? null,
    runLimits: runLimits.map(({ name }) => name),
  };
}

/** Counts what an instance occupies into its run and its DAG, or out of them. */
export function countOccupied({ run }: InstanceWork, occupied: Occupied, sign: 1 | -1): void {
  const { dag, activeByLimit } = run;
  dag.activeTasks += sign;
  dag.activeByTask.set(occupied.taskId, (dag.activeByTask.get(occupied.taskId) ?? 0) + sign);
  for (const name of occupied.runLimits) activeByLimit.set(name, (activeByLimit.get(name) ?? 0) + sign);
}

function keepInPool(instance: InstanceWork, sign: 1 | -1, changes: Changes): void {
  const kept = instance.inPool ?? instance.occupied ?? occupiedBy(instance);
  instance.inPool = sign === 1 ? { pool: kept.pool, poolSlots: kept.poolSlots } : null;
  changes.keepInPool(kept, sign);
}

function moveSlots(instance: InstanceWork, sign: 1 | -1, changes: Changes): void {
  const occupied = instance.occupied ?? occupiedBy(instance);
  instance.occupied = sign === 1 ? occupied : null;
  changes.takeSlots(occupied, sign);
  countOccupied(instance, occupied, sign);
}
