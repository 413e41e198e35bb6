import type { MapLevel } from '../graph/map-levels.ts';
import { joinPath, pathDepth, pathIndex, pathPrefix } from '../graph/map-path.ts';
import type { Changes } from '../work/changes.ts';
import { saidNotYet } from '../work/decision.ts';
import { groupOf, instanceAt, instancesUnder } from '../work/map-scope.ts';
import type { GroupWork, InstanceWork, RunWork } from '../work/work.ts';
import { addIteration, type Expansion, levelLength, removeIterations } from './expand-level.ts';

/**
 * Loops. An iteration is an index of a mapped group whose instances are made when the one before has gone well, so that a loop costs what it
 * went round, and not what it might have.
 *
 *     all of iteration 2 has ended -> failed, or until holds -> the loop is over; whatever there was of 3 is removed
 *                                  -> else                   -> iteration 3, if the list has one
 */

/** Why the task that ends a loop fails although it only said "not yet": there is no further iteration. Undefined: it does not. */
export function untilProblem(until: InstanceWork): string | undefined {
  const { run, mapPath } = until;
  const level = loopEndedBy(until);
  if (level?.loop == null || level.loop.onMax !== 'fail') return undefined;
  const length = levelLength(run, level, pathPrefix(mapPath, level.depth)) ?? 0;
  if (pathIndex(mapPath, level.depth) + 1 < length) return undefined;
  return `Loop ${level.id} went round ${length} times, which is its max, and its condition does not hold yet.`;
}

/**
 * Whether a person may still say of an instance that ends a loop, and said "not yet", that its iteration is the last: none after it ended
 * well, or is among those that `isMeant` too.
 */
export function mayBeLastIteration(
  until: InstanceWork,
  isMeant: (instance: InstanceWork) => boolean,
): boolean {
  const { run, task, mapPath } = until;
  const level = loopEndedBy(until);
  if (level === undefined || !saidNotYet(until)) return false;
  const index = pathIndex(mapPath, level.depth);
  return !instancesUnder(run, task.index, pathPrefix(mapPath, level.depth)).some(
    (other) =>
      pathIndex(other.mapPath, level.depth) > index &&
      other.state !== 'removed' &&
      (other.state === 'success' || isMeant(other)),
  );
}

/** The loop that the instance may end; undefined: it is another task. */
const loopEndedBy = ({ task }: InstanceWork): MapLevel | undefined =>
  task.levels.findLast(({ loop }) => loop?.until === task.index);

/** All of an iteration has ended: another one follows, or the loop is over. Asked again, it comes to the same. */
export function iterationEnded(iteration: GroupWork, into: Expansion, changes: Changes): void {
  const { run, mapPath, group } = iteration;
  // The place of a list that is not known.
  if (pathDepth(mapPath) < group.depth) return;
  const level = run.graph.levels.find(({ id }) => id === group.groupId)!;
  const prefix = pathPrefix(mapPath, level.depth);
  const index = pathIndex(mapPath, level.depth);
  const isFailed = hasFailed(run, level, mapPath);
  if (isFailed || isDone(run, level, mapPath)) {
    const reason = `iteration ${index} of ${level.id} ${isFailed ? 'failed' : 'was the last'}`;
    return removeIterations(run, level, { prefix, after: index, all: !isFailed, reason }, into, changes);
  }
  const length = levelLength(run, level, prefix) ?? 0;
  if (index + 1 < length) return addIteration(run, level, joinPath(prefix, index + 1), into, changes);
  // Iterations of an earlier list, whose task was cleared and failed since: nothing would ever begin them.
  const reason = `iteration ${index} of ${level.id} was the last that its list has`;
  removeIterations(run, level, { prefix, after: index, all: true, reason }, into, changes);
}

/** An iteration before this one has not ended. */
export function waitsForIteration({ run, groups }: InstanceWork): boolean {
  return groups.some((group) => previousOf(run, group)?.unfinished);
}

/** The iteration before this one; undefined: it is the first, or none. */
export function previousOf(run: RunWork, { group, mapPath }: GroupWork): GroupWork | undefined {
  if (!group.isIteration || pathDepth(mapPath) < group.depth) return undefined;
  const index = pathIndex(mapPath, group.depth - 1);
  return index === 0
    ? undefined
    : groupOf(run, group, joinPath(pathPrefix(mapPath, group.depth - 1), index - 1));
}

/** By what stands last in it, as a run is judged: a teardown counts only if it decides about the run. */
function hasFailed(run: RunWork, level: MapLevel, path: string): boolean {
  const { tasks } = run.graph;
  const inside = new Set(level.tasks);
  const counts = (index: number) => {
    const { isTeardown, onFailureFailDagRun } = tasks[index]!.spec;
    return inside.has(index) && (!isTeardown || onFailureFailDagRun);
  };
  return level.tasks
    .filter((index) => counts(index) && !tasks[index]!.downstream.some(counts))
    .flatMap((index) => instancesUnder(run, index, path))
    .some(({ state }) => state === 'failed' || state === 'upstream_failed');
}

/** What was skipped, or set by hand, did not say "not yet". */
function isDone(run: RunWork, { loop }: MapLevel, path: string): boolean {
  if (loop?.until == null) return false;
  if (loop.until === 'left_out') return true;
  const until = instanceAt(run, loop.until, path);
  return until === undefined || !saidNotYet(until);
}
