import { type FinishedTaskState, isFinished, type TaskState } from '../../state/index.ts';
import type { ClosedGroup } from '../graph/closed-group.ts';
import type { GraphTask } from '../graph/dag-graph.ts';
import { isList, sharedDepth } from '../graph/map-levels.ts';
import { isUnder, mapSortOf, pathDepth, pathIndex, pathPrefix } from '../graph/map-path.ts';
import type { UpstreamEnds } from '../graph/trigger-rule.ts';
import { isLive } from './activity.ts';
import { notePast } from './past.ts';
import type { EndCounts, GroupWork, InstanceWork, MapScope, RunWork, TaskWork } from './work.ts';

/** A task of a run that has no instances yet. */
function newTaskWork(task: GraphTask): TaskWork {
  return { task, root: newScope(), scopes: task.countDepth > 0 ? new Map() : null };
}

/** Gives a run its instances, in place of those it had, and counts them. Costs the run. */
export function placeInstances(run: RunWork, instances: Iterable<InstanceWork>): void {
  run.tasks.length = 0;
  const before = new Map(run.groups);
  run.groups.clear();
  // Others of the same names take their places.
  for (const noted of [run.restarting, run.continuing, run.ending]) noted.clear();
  for (const task of run.graph.tasks) run.tasks.push(newTaskWork(task));
  for (const instance of instances) attach(instance);
  for (const [name, { tryNumber, maxTries, failed }] of before) {
    const group = run.groups.get(name);
    if (group !== undefined) setTries(group, tryNumber, maxTries, failed);
  }
  recount(run);
}

/** What a closed group has to remember when its run is placed anew, or was read from the database. */
export function setTries(
  group: GroupWork,
  tryNumber: number,
  maxTries: number,
  failed: InstanceWork | null,
): void {
  group.tryNumber = tryNumber;
  group.maxTries = maxTries;
  group.failed = failed?.groups.includes(group) === true ? failed : null;
  if (group.failed === null) return;
  group.run.restarting.add(group);
  group.run.continuing.add(group);
}

/** Counts one of its instances among those that something will still happen to by itself, or (-1) no more. */
export function countLive(group: GroupWork, by: 1 | -1): void {
  group.live += by;
  // The one whose failure makes it begin again is left, or nothing.
  if (group.failed !== null && group.live <= 1) group.run.continuing.add(group);
}

/** Counts what is unfinished and what is alive in a run from scratch, and everything that its tasks wait for. Costs the run. */
export function recount(run: RunWork): void {
  countScopes(run);
  run.unfinished.count = 0;
  run.live.count = 0;
  for (const { state } of instancesOf(run)) {
    if (!isFinished(state)) run.unfinished.count += 1;
    if (isLive(state)) run.live.count += 1;
  }
}

/** Every instance of a run, tasks in topological order, indexes ascending. */
export function* instancesOf(run: RunWork): Iterable<InstanceWork> {
  for (const { root } of run.tasks) yield* root.instances;
}

/** The same, and after them those that are being ended since the run's version does not have their task any more. */
export function* allInstancesOf(run: RunWork): Iterable<InstanceWork> {
  yield* instancesOf(run);
  yield* run.leaving;
}

/** A task as those have it: it keeps no edges, since the indexes of its own graph mean other tasks in the run's. */
export function taskOfBefore(task: GraphTask): GraphTask {
  return {
    ...task,
    index: -1,
    downstream: [],
    scope: [],
    sourceOf: [],
    decidesOutside: [],
    closedDeciders: [],
  };
}

/** The instance of a task with this very path. */
export function instanceAt(run: RunWork, task: number, mapPath: string): InstanceWork | undefined {
  const instances = run.tasks[task]?.root.instances ?? [];
  const found = instances[placeOf(instances, mapSortOf(mapPath))];
  return found?.mapPath === mapPath ? found : undefined;
}

/** The instances of a task whose path is `prefix` or lies below it. */
export function instancesUnder(run: RunWork, task: number, prefix: string): readonly InstanceWork[] {
  const { root, scopes } = run.tasks[task]!;
  if (prefix === '') return root.instances;
  const scope = scopes?.get(prefix);
  if (scope !== undefined) return scope.instances;
  // They stand together: a path sorts right before those below it.
  const from = placeOf(root.instances, mapSortOf(prefix));
  let to = from;
  while (to < root.instances.length && isUnder(root.instances[to]!.mapPath, prefix)) to += 1;
  return root.instances.slice(from, to);
}

/** The instances of another task that are of concern to this one: those of its index in the mapped groups that hold both. */
export function relevantInstances(from: InstanceWork, to: number): readonly InstanceWork[] {
  const { tasks } = from.run;
  const depth = sharedDepth(from.task.levels, tasks[to]!.task.levels);
  return instancesUnder(from.run, to, pathPrefix(from.mapPath, depth));
}

/** Of instances that share `depth` components of their paths, those of the last iteration of each loop that goes on until something holds. */
export function ofLastIterations(
  instances: readonly InstanceWork[],
  { levels }: GraphTask,
  depth: number,
): readonly InstanceWork[] {
  let kept = instances;
  for (const level of levels.slice(depth)) {
    if (isList(level)) continue;
    const last = new Map<string, number>();
    const reached = kept.filter(
      ({ mapPath, state }) => state !== 'removed' && pathDepth(mapPath) > level.depth,
    );
    for (const { mapPath } of reached) {
      const prefix = pathPrefix(mapPath, level.depth);
      last.set(prefix, Math.max(last.get(prefix) ?? 0, pathIndex(mapPath, level.depth)));
    }
    if (reached.length === 0) continue;
    kept = reached.filter(
      ({ mapPath }) => pathIndex(mapPath, level.depth) === last.get(pathPrefix(mapPath, level.depth)),
    );
  }
  return kept;
}

/** Adds an instance to its task, and to the counts of what is below it. Costs its edges. */
export function attach(instance: InstanceWork): void {
  const work = instance.run.tasks[instance.task.index]!;
  const depth = Math.min(instance.task.countDepth, pathDepth(instance.mapPath));
  const scopes = [work.root];
  for (let at = 1; at <= depth; at++) scopes.push(scopeAt(work, pathPrefix(instance.mapPath, at)));
  instance.scopes = scopes;
  instance.groups = instance.task.closedGroups.map((group) =>
    groupAt(instance.run, group, pathPrefix(instance.mapPath, group.depth)),
  );
  const isOpen = !isFinished(instance.state);
  for (const scope of scopes) {
    insertSorted(scope.instances, instance);
    if (isOpen) scope.unfinished += 1;
  }
  if (isOpen) for (const group of instance.groups) reopenGroup(group);
  countInGroups(instance, 1);
  countBelow(instance, 1);
  noteInFollowers(instance, instance.state);
}

/** Takes it out again, before its path changes. */
export function detach(instance: InstanceWork): void {
  countBelow(instance, -1);
  for (const scope of instance.scopes) {
    const at = placeOf(scope.instances, instance.mapSort);
    if (scope.instances[at] !== instance) throw new Error(`${instance.mapPath} stands out of its order.`);
    scope.instances.splice(at, 1);
    if (!isFinished(instance.state)) scope.unfinished -= 1;
  }
  countInGroups(instance, -1);
  instance.scopes = [];
  instance.groups = [];
  noteInFollowers(instance, null);
}

/** Lets the runs know that wait for this one. */
export function noteInFollowers({ run, task, mapPath }: InstanceWork, state: TaskState | null): void {
  for (const { past } of run.followers) if (past !== null) notePast(past, task.spec.taskId, mapPath, state);
}

/** Counts the end of an instance in everything below it; `onChange` gets each count by which a rule could decide otherwise now. */
export function countEnd(
  instance: InstanceWork,
  state: FinishedTaskState,
  onChange: (scope: MapScope) => void,
): void {
  const { run, task, mapPath } = instance;
  const member = countOf[state];
  for (let i = 0; i < task.downstream.length; i++) {
    if (!countsOutside(instance, task.downstreamExits[i]!)) continue;
    const scope = scopeAt(run.tasks[task.downstream[i]!]!, pathPrefix(mapPath, task.downstreamDepths[i]!));
    if (countOne(scope.ends, member)) onChange(scope);
  }
  for (let i = 0; i < task.scope.length; i++) {
    if (!countsOutside(instance, task.scopeExits[i]!)) continue;
    const scope = scopeAt(run.tasks[task.scope[i]!]!, pathPrefix(mapPath, task.scopeDepths[i]!));
    if (countOne(scope.setupEnds, member)) onChange(scope);
  }
}

/** The instances of a closed group. */
export function* membersOf(group: GroupWork): Iterable<InstanceWork> {
  const { run, mapPath } = group;
  const { tasks, level } = group.group;
  for (const task of tasks) {
    for (const instance of instancesUnder(run, task, mapPath))
      if (instance.groups[level] === group) yield instance;
  }
}

/** Whether what becomes of an instance is known behind the closed group that an edge of it leaves; -1: it leaves none. */
export function countsOutside({ groups }: InstanceWork, exit: number): boolean {
  return exit < 0 || groups[exit]!.isOver;
}

/** All of a closed group has ended: its ends count outside from now on. `onChange` as in {@link countEnd}. */
export function countGroup(group: GroupWork, onChange: (scope: MapScope) => void): void {
  group.isOver = true;
  for (const { run, task, mapPath, state } of membersOf(group)) {
    if (!isFinished(state)) continue;
    const member = countOf[state];
    for (let i = 0; i < task.downstream.length; i++) {
      if (task.downstreamExits[i] !== group.group.level) continue;
      const scope = scopeAt(run.tasks[task.downstream[i]!]!, pathPrefix(mapPath, task.downstreamDepths[i]!));
      if (countOne(scope.ends, member)) onChange(scope);
    }
    for (let i = 0; i < task.scope.length; i++) {
      if (task.scopeExits[i] !== group.group.level) continue;
      const scope = scopeAt(run.tasks[task.scope[i]!]!, pathPrefix(mapPath, task.scopeDepths[i]!));
      if (countOne(scope.setupEnds, member)) onChange(scope);
    }
  }
}

/** Something in a closed group that was over is to run again: its ends do not count outside any more. */
function reopenGroup(group: GroupWork): void {
  if (!group.isOver) return;
  const members = [...membersOf(group)];
  for (const member of members) countBelow(member, -1);
  group.isOver = false;
  for (const member of members) countBelow(member, 1);
}

/** Lets an instance that has ended run again by `move`, and what is below it count that. Costs its edges. */
export function undoEnd(instance: InstanceWork, move: () => void): void {
  for (const group of instance.groups) reopenGroup(group);
  countBelow(instance, -1);
  move();
  countBelow(instance, 1);
}

/** Not by its level: a group around it may have its own retries no more in another version, and it is the same group still. */
const groupName = ({ groupId, isIteration }: ClosedGroup, mapPath: string): string =>
  `${isIteration ? 'iteration of ' : ''}${groupId} [${mapPath}]`;

/** The closed group of this map path, if it has any tasks. */
export const groupOf = (run: RunWork, group: ClosedGroup, mapPath: string): GroupWork | undefined =>
  run.groups.get(groupName(group, mapPath));

function groupAt(run: RunWork, group: ClosedGroup, mapPath: string): GroupWork {
  const name = groupName(group, mapPath);
  let work = run.groups.get(name);
  if (work === undefined) {
    const maxTries = group.retry?.retries ?? 0;
    work = {
      group,
      run,
      mapPath,
      unfinished: 0,
      live: 0,
      isOver: false,
      tryNumber: 1,
      maxTries,
      failed: null,
    };
    run.groups.set(name, work);
  }
  return work;
}

function countInGroups({ groups, state }: InstanceWork, by: 1 | -1): void {
  for (const group of groups) {
    if (!isFinished(state)) group.unfinished += by;
    if (group.unfinished === 0) group.run.ending.add(group);
    if (isLive(state)) countLive(group, by);
  }
}

function countScopes(run: RunWork): void {
  for (const { root, scopes } of run.tasks) {
    for (const scope of scopes === null ? [root] : [root, ...scopes.values()]) {
      Object.assign(scope.ends, noCounts());
      Object.assign(scope.setupEnds, noCounts());
      scope.unfinished = scope.instances.reduce(
        (open, { state }) => (isFinished(state) ? open : open + 1),
        0,
      );
    }
  }
  for (const group of run.groups.values()) {
    group.unfinished = 0;
    group.live = 0;
  }
  for (const instance of instancesOf(run)) countInGroups(instance, 1);
  for (const group of run.groups.values()) group.isOver = group.unfinished === 0;
  // Somebody may have decided about tasks of theirs that nothing happens to.
  for (const group of run.restarting) run.continuing.add(group);
  for (const instance of instancesOf(run)) countBelow(instance, 1);
}

/** How everything above an instance ended so far. */
export function endsAbove({ scopes }: InstanceWork): EndCounts {
  return scopes.length === 1 ? scopes[0]!.ends : sumOf(scopes.map(({ ends }) => ends));
}

/** How the setups ended whose scope it is in. */
export function setupEndsAbove({ scopes }: InstanceWork): EndCounts {
  return scopes.length === 1 ? scopes[0]!.setupEnds : sumOf(scopes.map(({ setupEnds }) => setupEnds));
}

export const countOf: Readonly<Record<FinishedTaskState, keyof UpstreamEnds>> = {
  success: 'success',
  skipped: 'skipped',
  failed: 'failed',
  upstream_failed: 'upstreamFailed',
  removed: 'removed',
};

export const noCounts = (): EndCounts => ({
  success: 0,
  skipped: 0,
  failed: 0,
  upstreamFailed: 0,
  removed: 0,
  expected: 0,
});

/**
 * True when a rule could decide otherwise now. Rules ask which kinds of ends there are and whether all have come, nothing else: the
 * five hundredth success of a thousand changes no verdict, so nobody is asked for it.
 */
function countOne(counts: EndCounts, member: keyof UpstreamEnds): boolean {
  counts[member] += 1;
  return counts[member] === 1 || endedOf(counts) >= counts.expected;
}

const endedOf = ({ success, skipped, failed, upstreamFailed, removed }: UpstreamEnds): number =>
  success + skipped + failed + upstreamFailed + removed;

function countBelow(instance: InstanceWork, by: 1 | -1): void {
  const { run, task, mapPath, state } = instance;
  const member = isFinished(state) ? countOf[state] : null;
  for (let i = 0; i < task.downstream.length; i++) {
    const { ends } = scopeAt(run.tasks[task.downstream[i]!]!, pathPrefix(mapPath, task.downstreamDepths[i]!));
    ends.expected += by;
    if (member !== null && countsOutside(instance, task.downstreamExits[i]!)) ends[member] += by;
  }
  for (let i = 0; i < task.scope.length; i++) {
    const { setupEnds } = scopeAt(run.tasks[task.scope[i]!]!, pathPrefix(mapPath, task.scopeDepths[i]!));
    setupEnds.expected += by;
    if (member !== null && countsOutside(instance, task.scopeExits[i]!)) setupEnds[member] += by;
  }
}

function scopeAt({ root, scopes }: TaskWork, prefix: string): MapScope {
  if (prefix === '' || scopes === null) return root;
  let scope = scopes.get(prefix);
  if (scope === undefined) {
    scope = newScope();
    scopes.set(prefix, scope);
  }
  return scope;
}

const newScope = (): MapScope => ({ instances: [], unfinished: 0, ends: noCounts(), setupEnds: noCounts() });

function sumOf(counts: readonly EndCounts[]): EndCounts {
  const sum = noCounts();
  for (const one of counts) for (const name of countNames) sum[name] += one[name];
  return sum;
}

const countNames = Object.keys(noCounts()) as readonly (keyof EndCounts)[];

/** Nearly always the last one. */
function insertSorted(instances: InstanceWork[], instance: InstanceWork): void {
  const last = instances.at(-1);
  if (last === undefined || last.mapSort <= instance.mapSort) instances.push(instance);
  else instances.splice(placeOf(instances, instance.mapSort), 0, instance);
}

/** Where the instance of a path stands among those of its task, or would stand. Costs the logarithm of them. */
function placeOf(instances: readonly InstanceWork[], mapSort: string): number {
  let from = 0;
  let to = instances.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (instances[middle]!.mapSort < mapSort) from = middle + 1;
    else to = middle;
  }
  return from;
}
