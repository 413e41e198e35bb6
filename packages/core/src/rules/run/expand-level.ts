import { isFinished } from '../../state/index.ts';
import type { GraphTask } from '../graph/dag-graph.ts';
import { expansionLength } from '../graph/list-length.ts';
import type { ListSource, MapLevel } from '../graph/map-levels.ts';
import { joinPath, mapSortOf, pathDepth, pathIndex, pathPrefix } from '../graph/map-path.ts';
import type { Changes } from '../work/changes.ts';
import { attach, detach, instanceAt, instancesUnder, ofLastIterations } from '../work/map-scope.ts';
import { endAttempt, moveInstance } from '../work/move-instance.ts';
import { newInstance } from '../work/new-instance.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';
import { resetInstance } from './reset-instance.ts';

/** What an expansion did, for who goes on from there. */
export interface Expansion {
  /** Instances that came to an end by it: an empty list skips. */
  readonly ended: InstanceWork[];
  /** Instances that are new, or have another path, or were restored: they are to be asked whether they may run. */
  readonly open: InstanceWork[];
}

/**
 * Gives a level its instances, when its lists are known: at the start of a run for lists that are written in the file, else with the
 * success of the last task that makes one. Existing indexes keep their instances, new ones are added, those that are no more
 * are `removed` (and come back when the list grows again). Inner levels whose lists are known follow at once.
 */
export function expandLevel(
  run: RunWork,
  level: MapLevel,
  prefix: string,
  into: Expansion,
  changes: Changes,
): void {
  if (level.sources.every((source) => isComplete(run, source, prefix)))
    expandNow(run, level, prefix, into, changes);
}

/**
 * Expands what the end of an instance makes known: `levels` that are mapped over what it returned. When no list comes of it, what waits
 * for that list is asked, whatever its rule.
 */
export function expandBelow(
  ended: InstanceWork,
  levels: readonly MapLevel[],
  into: Expansion,
  changes: Changes,
): void {
  const { run, task, mapPath } = ended;
  for (const level of levels) {
    const source = level.sources.find((one) => one.task === task.index)!;
    const prefix = pathPrefix(mapPath, source.depth);
    if (source.isCollected && unfinishedSources(run, source, prefix) > 0) continue;
    for (const one of prefixesUnder(run, level, prefix)) {
      expandLevel(run, level, one, into, changes);
      for (const index of level.tasks) {
        const waiting = instanceAt(run, index, one);
        if (waiting?.state === 'none') into.open.push(waiting);
      }
    }
  }
}

/** Expands every level that can be: at the start of a run, and when it takes another version of its DAG. */
export function expandRun(run: RunWork, into: Expansion, changes: Changes): void {
  for (const level of run.graph.levels) {
    if (level.parent === null) expandLevel(run, level, '', into, changes);
    else for (const prefix of prefixesUnder(run, level, '')) expandLevel(run, level, prefix, into, changes);
  }
}

/**
 * An instance whose rule lets it run before its list is known to be complete: it is expanded by what there is. Without a list it
 * cannot run, and takes the state of what should have made it.
 */
export function expandUnready(instance: InstanceWork, into: Expansion, changes: Changes): void {
  const { run, task, mapPath } = instance;
  const level = task.levels[pathDepth(mapPath)]!;
  const sources = level.sources.map((source) => ({
    source,
    instances: sourceInstances(run, source, mapPath),
  }));
  if (sources.some(({ instances }) => instances.some(({ state }) => !isFinished(state)))) return;
  const missing = sources.find(
    ({ source, instances }) => !source.isCollected && instances[0]?.listLengths?.has(source.key) !== true,
  );
  if (missing === undefined) return expandNow(run, level, mapPath, into, changes);
  const [made] = missing.instances;
  const to = made?.state === 'skipped' || made?.state === 'removed' ? 'skipped' : 'upstream_failed';
  moveInstance(instance, to, changes, `${missing.source.taskId} is ${made?.state} and has made no list`);
  into.ended.push(instance);
}

/** Number of elements of an output that a level is mapped over, as seen from `prefix`. Null: there is no list. */
export function lengthOfSource(
  run: RunWork,
  level: MapLevel,
  prefix: string,
  taskId: string,
  key: string,
): number | null {
  const source = level.sources.find((one) => one.taskId === taskId && one.key === key)!;
  const instances = sourceInstances(run, source, prefix);
  if (source.isCollected) return instances.filter(({ listLengths }) => listLengths?.has(key) === true).length;
  const length = instances[0]?.listLengths?.get(key);
  return length === undefined || length < 0 ? null : length;
}

/** The instances that an output of a source is read from, by something with this path. */
export function sourceInstances(run: RunWork, source: ListSource, prefix: string): readonly InstanceWork[] {
  const instances = instancesUnder(run, source.task, pathPrefix(prefix, source.depth));
  return ofLastIterations(instances, run.graph.tasks[source.task]!, source.depth);
}

/** Number of elements of the lists that a level is mapped over; null: one of them is not there yet. */
export function levelLength(run: RunWork, level: MapLevel, prefix: string): number | null {
  return expansionLength(level.arguments, (taskId, key) => lengthOfSource(run, level, prefix, taskId, key));
}

/** Another iteration of a loop: its instances are added, or restored. */
export function addIteration(
  run: RunWork,
  level: MapLevel,
  path: string,
  into: Expansion,
  changes: Changes,
): void {
  for (const index of level.tasks) {
    const instances = instancesUnder(run, index, path);
    if (instances.length === 0) into.open.push(add(run, run.graph.tasks[index]!, path, changes));
    for (const instance of [...instances]) {
      if (instance.state === 'removed') restore(instance, into, changes);
      else if (instance.state === 'none') into.open.push(instance);
    }
  }
  for (const inner of run.graph.levels)
    if (inner.parent === level) expandLevel(run, inner, path, into, changes);
}

/** Iterations of a loop behind the one that was its last: what has not ended, or (`all`) also what has. */
export function removeIterations(
  run: RunWork,
  level: MapLevel,
  { prefix, after, all, reason }: { prefix: string; after: number; all: boolean; reason: string },
  into: Expansion,
  changes: Changes,
): void {
  for (const index of level.tasks) {
    for (const instance of [...instancesUnder(run, index, prefix)]) {
      if (pathDepth(instance.mapPath) <= level.depth || pathIndex(instance.mapPath, level.depth) <= after)
        continue;
      if (all || !isFinished(instance.state)) remove(instance, reason, into, changes);
    }
  }
}

/** Whether an instance stands for a list that is not known yet. */
export function isUnexpanded({ task, mapPath }: InstanceWork): boolean {
  return task.levels.length > 0 && pathDepth(mapPath) < task.levels.length;
}

function expandNow(run: RunWork, level: MapLevel, prefix: string, into: Expansion, changes: Changes): void {
  const length = levelLength(run, level, prefix);
  if (length === null) return;
  const max = run.dag.maxMapLength;
  if (length > max)
    return refuse(
      run,
      level,
      prefix,
      `${level.id} would have ${length} instances, more than maxMapLength ${max}`,
      into,
      changes,
    );
  const made = level.loop === null ? length : Math.min(length, reached(run, level, prefix));
  for (const index of level.tasks) shape(run, run.graph.tasks[index]!, level, prefix, made, into, changes);
  for (const inner of run.graph.levels) {
    if (inner.parent !== level) continue;
    for (let i = 0; i < made; i++) expandLevel(run, inner, joinPath(prefix, i), into, changes);
  }
}

/** Iterations that a loop has come to: at first one, the others follow as each ends. */
function reached(run: RunWork, level: MapLevel, prefix: string): number {
  let count = 1;
  for (const { mapPath, state } of instancesUnder(run, level.tasks[0]!, prefix)) {
    if (state === 'removed' || pathDepth(mapPath) <= level.depth) continue;
    count = Math.max(count, pathIndex(mapPath, level.depth) + 1);
  }
  return count;
}

/** Every source has ended well: a failed one is for the trigger rules to judge. */
function isComplete(run: RunWork, source: ListSource, prefix: string): boolean {
  const instances = sourceInstances(run, source, prefix);
  if (!source.isCollected) return instances[0]?.state === 'success';
  if (unfinishedSources(run, source, prefix) > 0) return false;
  return instances.every(({ state }) => state === 'success' || state === 'removed');
}

/** Asked at each end of a source that is mapped itself: a number, not a walk, says that some are still to come. */
function unfinishedSources(run: RunWork, source: ListSource, prefix: string): number {
  const { root, scopes } = run.tasks[source.task]!;
  const at = pathPrefix(prefix, source.depth);
  return (at === '' ? root : (scopes?.get(at) ?? root)).unfinished;
}

/**
 * Paths at which a level is to be expanded, of those under `prefix`: the indexes of the groups around it. Any of its tasks may have been
 * decided before those groups had their lists, and stands for none of them.
 */
export function prefixesUnder(run: RunWork, level: MapLevel, prefix: string): Iterable<string> {
  if (pathDepth(prefix) === level.depth) return [prefix];
  const found = new Set<string>();
  for (const index of level.tasks) {
    for (const { mapPath, state } of instancesUnder(run, index, prefix)) {
      if (state !== 'removed' && pathDepth(mapPath) >= level.depth)
        found.add(pathPrefix(mapPath, level.depth));
    }
  }
  return found;
}

/** Makes the instances of one task under `prefix` those of a list of this length. */
function shape(
  run: RunWork,
  task: GraphTask,
  level: MapLevel,
  prefix: string,
  length: number,
  into: Expansion,
  changes: Changes,
): void {
  const whole = instanceAt(run, task.index, prefix);
  const parts = instancesUnder(run, task.index, prefix).filter((instance) => instance !== whole);
  // It was decided without a list: skipped, failed, or set by hand.
  if (parts.length === 0 && whole !== undefined && whole.state !== 'none' && whole.state !== 'removed')
    return;
  const known = new Set<number>();
  for (const part of parts) {
    const index = pathIndex(part.mapPath, level.depth);
    known.add(index);
    if (index >= length)
      remove(part, `the list of ${level.id} has only ${length} elements now`, into, changes);
    else if (part.state === 'removed') restore(part, into, changes);
    else if (part.targetState === 'removed') part.targetState = 'none';
  }
  if (length === 0) return skipEmpty(run, task, level, prefix, whole, into, changes);
  if (whole !== undefined && known.has(0)) remove(whole, 'its list is known now', into, changes);
  else if (whole !== undefined) {
    if (whole.state === 'removed') restore(whole, into, changes);
    move(whole, joinPath(prefix, 0), changes);
    into.open.push(whole);
    known.add(0);
  }
  for (let i = 0; i < length; i++) {
    if (!known.has(i)) into.open.push(add(run, task, joinPath(prefix, i), changes));
  }
}

function skipEmpty(
  run: RunWork,
  task: GraphTask,
  level: MapLevel,
  prefix: string,
  whole: InstanceWork | undefined,
  into: Expansion,
  changes: Changes,
): void {
  const instance = whole ?? add(run, task, prefix, changes);
  if (instance.state === 'removed') restore(instance, into, changes);
  if (instance.state !== 'none') return;
  moveInstance(instance, 'skipped', changes, `the list of ${level.id} is empty`);
  into.ended.push(instance);
}

function refuse(
  run: RunWork,
  level: MapLevel,
  prefix: string,
  reason: string,
  into: Expansion,
  changes: Changes,
): void {
  for (const index of level.tasks) {
    for (const instance of instancesUnder(run, index, prefix)) {
      if (instance.state !== 'none') continue;
      moveInstance(instance, 'upstream_failed', changes, reason);
      into.ended.push(instance);
    }
  }
}

function add(run: RunWork, task: GraphTask, mapPath: string, changes: Changes): InstanceWork {
  const instance = newInstance(run, task, mapPath, 0);
  run.unfinished.count += 1;
  changes.newInstances.add(instance);
  attach(instance);
  return instance;
}

/** An instance that stood for the whole list becomes its first element. */
function move(instance: InstanceWork, mapPath: string, changes: Changes): void {
  detach(instance);
  instance.mapPath = mapPath;
  instance.mapSort = mapSortOf(mapPath);
  attach(instance);
  changes.instances.add(instance);
  changes.moved.add(instance);
}

function restore(instance: InstanceWork, into: Expansion, changes: Changes): void {
  detach(instance);
  resetInstance(instance, null, changes);
  // It begins anew: what it did for an earlier list is not to be held against it.
  instance.maxTries = instance.tryNumber + instance.task.spec.retries;
  instance.infraNumber = 0;
  attach(instance);
  into.open.push(instance);
}

function remove(instance: InstanceWork, reason: string, into: Expansion, changes: Changes): void {
  const { state } = instance;
  if (state === 'removed') return;
  if (state === 'queued' || state === 'running' || state === 'restarting') {
    instance.targetState = 'removed';
    if (state !== 'restarting') {
      moveInstance(instance, 'restarting', changes, reason);
      changes.cancels.push({ instance, attempt: instance.attempt!, reason });
    }
    return;
  }
  // What has just ended is counted when its turn comes, as what it is then.
  const isPending = into.ended.includes(instance);
  const wasCounted = isFinished(state) && !isPending;
  if (wasCounted) detach(instance);
  if (instance.attempt !== null)
    endAttempt(
      instance,
      { state: 'killed', endDate: changes.now, error: null, rendered: null, logEnd: null },
      changes,
    );
  instance.nextAt = null;
  moveInstance(instance, 'removed', changes, reason);
  if (wasCounted) {
    attach(instance);
    changes.goneEnds.add(instance);
  }
  if (!wasCounted && !isPending) into.ended.push(instance);
}
