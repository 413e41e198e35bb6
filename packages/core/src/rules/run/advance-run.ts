import { isFinished } from '../../state/index.ts';
import type { Changes } from '../work/changes.ts';
import { heedDependencies, ignoresDependencies, skips } from '../work/decision.ts';
import {
  countEnd,
  countGroup,
  countsOutside,
  instancesOf,
  membersOf,
  relevantInstances,
} from '../work/map-scope.ts';
import { moveInstance } from '../work/move-instance.ts';
import { heldUpBy, pastVerdict } from '../work/past.ts';
import type { GroupWork, InstanceWork, MapScope, RunWork } from '../work/work.ts';
import { deciderAbove, sidesNotChosen, skipByDecision, skipNow, waitsForDecision } from './decided-skips.ts';
import { type Expansion, expandBelow, expandRun, expandUnready, isUnexpanded } from './expand-level.ts';
import { dueTeardowns, isHeldBack, mayRestart, resetGroup } from './group-restart.ts';
import { iterationEnded, waitsForIteration } from './loop-step.ts';
import { ruleVerdict, verdictReason } from './rule-verdict.ts';
import { finishRunIfOver } from './run-outcome.ts';

/**
 * What the end of one instance means for its run: its direct downstream is counted up and asked, whatever that decides goes on
 * from there. Costs the edges of what changed, never the size of the run.
 */
export function instanceEnded(instance: InstanceWork, changes: Changes): void {
  settle(instance.run, [instance], changes);
}

/** The same for several instances of one run that ended together: a branch and what it skipped. */
export function instancesEnded(run: RunWork, instances: readonly InstanceWork[], changes: Changes): void {
  settle(run, [...instances], changes);
}

/** A run begins: lists that stand in the DAG file make their instances, then everything is asked. */
export function beginInstances(run: RunWork, changes: Changes): void {
  const expansion = newExpansion();
  expandRun(run, expansion, changes);
  startFrom(run, expansion.ended, changes);
}

/** Asks every task of a run that nothing above it would ask: those without upstream and those that do not wait for it. */
export function startInstances(run: RunWork, changes: Changes): void {
  startFrom(run, [], changes);
}

/** Lists that stand in the DAG file may be others in another version: gives them their instances, and asks nobody. The caller recounts. */
export function reshapeRun(run: RunWork, changes: Changes): void {
  expandRun(run, newExpansion(), changes);
}

function startFrom(run: RunWork, ended: InstanceWork[], changes: Changes): void {
  // Somebody may have decided otherwise about the end of an iteration.
  for (const group of [...run.groups.values()]) {
    if (group.group.isIteration && group.isOver) goRound(group, ended, changes);
  }
  for (const instance of [...instancesOf(run)]) {
    if (instance.state === 'none') evaluate(instance, ended, changes);
  }
  settle(run, ended, changes);
}

/** Asks one instance again whether it may run: it was reset. */
export function reconsider(instance: InstanceWork, changes: Changes): void {
  reconsiderAll([instance], changes);
  continueGroups(instance.run, changes);
}

/** Groups of a run that are to begin again take their next step, if they can: their teardowns, or the new beginning. */
export function continueGroups(run: RunWork, changes: Changes): void {
  if (run.continuing.size > 0 || changes.reopened.size > 0) settle(run, [], changes);
}

/** All are asked before any run is looked at as a whole: one that still has to be asked is not waiting for anything, yet. */
function reconsiderAll(instances: readonly InstanceWork[], changes: Changes): void {
  const moved = new Map<RunWork, InstanceWork[]>();
  for (const instance of instances) {
    const ended = moved.get(instance.run) ?? [];
    evaluateAll([instance], ended, changes);
    // Only what moved has anything to say to the runs after this one.
    if (instance.state !== 'none') moved.set(instance.run, ended);
  }
  for (const [run, ended] of moved) settle(run, ended, changes);
}

/** Works off what has ended, and what ends by that, then asks whether the run is over and whether the next one may go on. */
function settle(run: RunWork, open: InstanceWork[], changes: Changes): void {
  const heldUp: InstanceWork[] = [];
  for (;;) {
    for (let ended = open.pop(); ended !== undefined; ended = open.pop()) {
      propagateEnd(ended, open, changes);
      if (run.followers.size > 0) heldUp.push(...heldUpBy(run, ended.task.spec.taskId));
    }
    // Only now: what else ended with it has been counted where it counts at once. One after the other, since what the end of one ends is
    // counted before the next is looked at; inner ones first, since another iteration keeps the loop going.
    const [group] = [...run.ending].sort((one, other) => other.group.level - one.group.level);
    if (group !== undefined) {
      endGroup(group, open, changes);
      continue;
    }
    for (const group of [...changes.reopened]) {
      if (group.run !== run) continue;
      changes.reopened.delete(group);
      askMembers(group, open, changes);
    }
    for (const group of [...run.continuing]) continueGroup(group, open, changes);
    if (open.length === 0 && run.ending.size === 0 && run.continuing.size === 0) break;
  }
  for (const gone of [...changes.goneEnds]) {
    if (gone.run !== run) continue;
    changes.goneEnds.delete(gone);
    heldUp.push(...heldUpBy(run, gone.task.spec.taskId));
  }
  finishRunIfOver(run, changes);
  reconsiderAll(heldUp, changes);
}

/** Asks all tasks again that wait for this run, after it was changed by hand. */
export function wakeFollowers(run: RunWork, changes: Changes): void {
  reconsiderAll(heldUpBy(run, null), changes);
}

/** Of a run out of its rows: finds out again which of its instances wait for the previous run, which no row says. */
export function resumePastWaits(run: RunWork): void {
  if (!run.graph.hasPastDependency) return;
  for (const instance of instancesOf(run)) {
    if (instance.state !== 'none' || ruleVerdict(instance) !== 'run' || isUnexpanded(instance)) continue;
    if (waitsForDecision(instance)) continue;
    const { blocking } = pastVerdict(instance);
    if (blocking !== null) run.waitingOnPast.add(instance, blocking);
  }
}

/** Tells those outside of a closed group how it ended, if all of it has. */
function endGroup(group: GroupWork, open: InstanceWork[], changes: Changes): void {
  group.run.ending.delete(group);
  if (group.isOver || group.unfinished > 0) return;
  const changed: MapScope[] = [];
  countGroup(group, (scope) => changed.push(scope));
  if (group.group.isIteration) goRound(group, open, changes);
  for (const member of membersOf(group)) {
    if (member.task.sourceExits.includes(group.group.level))
      expandFrom(member, (exit) => exit === group.group.level, open, changes);
  }
  const told = tellDecisions(group, open, changes);
  for (const { instances } of changed) evaluateAll(instances, open, changes);
  evaluateAll(told, open, changes);
}

/** Skips what the members of a closed group decided to skip outside of it. Returns what may run, if nothing else stops it: it had waited. */
function tellDecisions(group: GroupWork, open: InstanceWork[], changes: Changes): InstanceWork[] {
  const told: InstanceWork[] = [];
  for (const member of membersOf(group)) {
    for (const { task, exit } of member.task.decidesOutside) {
      if (exit !== group.group.level) continue;
      const instances = relevantInstances(member, task);
      if (skips(member, group.run.graph.tasks[task]!.spec.taskId))
        open.push(...skipNow(instances, member, changes));
      else told.push(...instances.filter(({ state }) => state === 'none'));
    }
  }
  return told;
}

function goRound(iteration: GroupWork, open: InstanceWork[], changes: Changes): void {
  const expansion: Expansion = { ended: open, open: [] };
  iterationEnded(iteration, expansion, changes);
  evaluateAll(expansion.open, open, changes);
}

/** A group that is to begin again: its teardowns run, then (after its delay) it is reset and its first tasks are asked. */
function continueGroup(group: GroupWork, open: InstanceWork[], changes: Changes): void {
  group.run.continuing.delete(group);
  if (group.failed === null) return;
  const teardowns = dueTeardowns(group);
  for (const teardown of teardowns) schedule(teardown, open, changes);
  if (teardowns.length > 0 || !mayRestart(group, changes.now)) return;
  resetGroup(group, changes);
  askMembers(group, open, changes);
}

function askMembers(group: GroupWork, open: InstanceWork[], changes: Changes): void {
  for (const member of [...membersOf(group)]) if (member.state === 'none') evaluate(member, open, changes);
}

/** Expands the levels that are mapped over what an instance returned, those that `isMeant` by the group that is left for them. */
function expandFrom(
  ended: InstanceWork,
  isMeant: (exit: number) => boolean,
  open: InstanceWork[],
  changes: Changes,
): void {
  const { sourceOf, sourceExits } = ended.task;
  const levels = sourceOf.filter((_level, i) => isMeant(sourceExits[i]!));
  if (levels.length === 0) return;
  const expansion: Expansion = { ended: open, open: [] };
  expandBelow(ended, levels, expansion, changes);
  evaluateAll(expansion.open, open, changes);
}

function propagateEnd(ended: InstanceWork, open: InstanceWork[], changes: Changes): void {
  const { state, task } = ended;
  if (!isFinished(state)) return;
  // Skipped with all that it would have chosen from, also what runs whatever happened.
  if (task.sides !== null && state === 'skipped')
    open.push(...skipByDecision(sidesNotChosen(ended, []), ended, changes));
  const changed: MapScope[] = [];
  countEnd(ended, state, (scope) => changed.push(scope));
  if (task.sourceOf.length > 0) expandFrom(ended, (exit) => countsOutside(ended, exit), open, changes);
  for (const { instances } of changed) evaluateAll(instances, open, changes);
}

/** A list that may change while it is walked: an instance that is expanded makes others. */
function evaluateAll(instances: readonly InstanceWork[], open: InstanceWork[], changes: Changes): void {
  const asked = instances.length === 1 ? instances : instances.filter(({ state }) => state === 'none');
  for (const instance of asked) if (instance.state === 'none') evaluate(instance, open, changes);
}

const newExpansion = (): Expansion => ({ ended: [], open: [] });

/** What a run that is not running is asked by nobody: it may have to wait for its turn, and is asked as a whole then. */
function evaluate(instance: InstanceWork, ended: InstanceWork[], changes: Changes): void {
  if (instance.run.state !== 'running' || isHeldBack(instance)) return;
  if (ignoresDependencies(instance)) {
    heedDependencies(instance);
    return schedule(instance, ended, changes, 'runs by hand, whatever stands before it');
  }
  if (waitsForIteration(instance)) return;
  const verdict = ruleVerdict(instance);
  if (verdict === 'wait') return;
  if (verdict !== 'run') {
    moveInstance(instance, verdict, changes, verdictReason(instance, verdict));
    ended.push(instance);
    return;
  }
  if (waitsForDecision(instance)) return;
  const decider = deciderAbove(instance);
  if (decider !== null) {
    moveInstance(instance, 'skipped', changes, `${decider} decided so`);
    ended.push(instance);
    return;
  }
  if (isUnexpanded(instance)) {
    const expansion: Expansion = { ended, open: [] };
    expandUnready(instance, expansion, changes);
    return evaluateAll(expansion.open, ended, changes);
  }
  const { blocking } = pastVerdict(instance);
  if (blocking !== null) {
    instance.run.waitingOnPast.add(instance, blocking);
    // What it waits for may stand in line behind its own run.
    changes.roomInDags.add(instance.run.dag);
    return;
  }
  schedule(instance, ended, changes);
}

function schedule(
  instance: InstanceWork,
  ended: InstanceWork[],
  changes: Changes,
  reason: string | null = null,
): void {
  moveInstance(instance, 'scheduled', changes, reason);
  instance.tryNumber += 1;
  instance.scheduledAt = changes.now;
  instance.startDate = null;
  instance.endDate = null;
  if (instance.task.spec.nothingToDo && !instance.run.dag.isPaused) {
    instance.startDate = changes.now;
    moveInstance(instance, 'success', changes);
    ended.push(instance);
    return;
  }
  changes.ready.push(instance);
}
