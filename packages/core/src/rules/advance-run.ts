import { type FinishedTaskState, isFinished, type TaskState } from '../state/index.ts';
import type { Changes } from './changes.ts';
import { type GraphTask, reachable } from './dag-graph.ts';
import { endAttempt, isLive, moveInstance } from './instance-state.ts';
import { heldUpBy, pastVerdict } from './past.ts';
import { finishRunIfOver } from './run-outcome.ts';
import { evaluateSetups, evaluateTriggerRule, type RuleVerdict, type UpstreamEnds } from './trigger-rule.ts';
import type { InstanceWork, RunWork } from './work.ts';

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

/** Asks every task of a run that nothing above it would ask: those without upstream and those that do not wait for it. */
export function startInstances(run: RunWork, changes: Changes): void {
  const ended: InstanceWork[] = [];
  for (const instance of run.instances) {
    if (instance.state === 'none') evaluate(instance, ended, changes);
  }
  settle(run, ended, changes);
}

/** Asks one instance again whether it may run: it was reset. */
export function reconsider(instance: InstanceWork, changes: Changes): void {
  reconsiderAll([instance], changes);
}

function reconsiderAll(instances: readonly InstanceWork[], changes: Changes): void {
  for (const instance of instances) {
    const ended: InstanceWork[] = [];
    evaluateIfOpen(instance, ended, changes);
    // Only what moved has anything to say to the runs after this one.
    if (instance.state !== 'none') settle(instance.run, ended, changes);
  }
}

/** Skips tasks by a stored decision of `decider`: those that have not begun. The decision survives a clear of the task alone. */
export function skipByDecision(
  instances: Iterable<InstanceWork>,
  decider: GraphTask,
  changes: Changes,
): InstanceWork[] {
  const skipped: InstanceWork[] = [];
  for (const instance of instances) {
    if (instance.state !== 'none' && instance.state !== 'scheduled') continue;
    instance.decision = `skipped_by:${decider.spec.taskId}`;
    // It asked to be called again before and was about to be.
    if (instance.attempt !== null)
      endAttempt(instance, { ...noReport, state: 'killed', endDate: changes.now }, changes);
    moveInstance(instance, 'skipped', changes, `${decider.spec.taskId} decided so`);
    skipped.push(instance);
  }
  return skipped;
}

const noReport = { error: null, rendered: null, logEnd: null };

/** Direct downstream of a branch that was not chosen and is not reachable through what was chosen either. */
export function notChosen(run: RunWork, branch: GraphTask, chosen: ReadonlySet<number>): InstanceWork[] {
  const viaChosen = reachable(chosen, (i) => run.graph.tasks[i]!.downstream);
  return branch.downstream.filter((i) => !chosen.has(i) && !viaChosen.has(i)).map((i) => run.instances[i]!);
}

/** What a short-circuit skips: all that is below, teardowns excepted, or the direct downstream alone. */
export function shortCircuited(run: RunWork, task: GraphTask): InstanceWork[] {
  const indexes = task.spec.ignoreDownstreamTriggerRules
    ? reachable([task.index], (i) => run.graph.tasks[i]!.downstream)
    : task.downstream;
  return [...indexes].map((i) => run.instances[i]!).filter((instance) => !instance.task.spec.isTeardown);
}

/** Counts every finished instance of a run anew: after loading it, or after people changed it. Costs the run. */
export function recount(run: RunWork): void {
  run.unfinished.count = 0;
  run.live.count = 0;
  for (const instance of run.instances) {
    Object.assign(instance.ends, zero);
    Object.assign(instance.setupEnds, zero);
  }
  for (const instance of run.instances) {
    if (!isFinished(instance.state)) run.unfinished.count += 1;
    else countEnd(instance, instance.state, 1);
    if (isLive(instance.state)) run.live.count += 1;
  }
}

const zero: UpstreamEnds = { success: 0, skipped: 0, failed: 0, upstreamFailed: 0, removed: 0 };

/** Works off what has ended, and what ends by that, then asks whether the run is over and whether the next one may go on. */
function settle(run: RunWork, open: InstanceWork[], changes: Changes): void {
  const heldUp: InstanceWork[] = [];
  for (let ended = open.pop(); ended !== undefined; ended = open.pop()) {
    propagateEnd(ended, open, changes);
    if (run.followers.size > 0) heldUp.push(...heldUpBy(run, ended.task.spec.taskId));
  }
  finishRunIfOver(run, changes);
  reconsiderAll(heldUp, changes);
}

/** Asks all tasks again that wait for this run, after it was changed by hand. */
export function wakeFollowers(run: RunWork, changes: Changes): void {
  reconsiderAll(heldUpBy(run, null), changes);
}

function propagateEnd(ended: InstanceWork, open: InstanceWork[], changes: Changes): void {
  const { run, task, state } = ended;
  if (!isFinished(state)) return;
  countEnd(ended, state, 1);
  for (const index of task.downstream) evaluateIfOpen(run.instances[index]!, open, changes);
  if (task.scope.length > 0)
    for (const index of task.scope) evaluateIfOpen(run.instances[index]!, open, changes);
}

function countEnd({ run, task }: InstanceWork, state: FinishedTaskState, by: number): void {
  const member = countOf[state];
  for (const index of task.downstream) run.instances[index]!.ends[member] += by;
  for (const index of task.scope) run.instances[index]!.setupEnds[member] += by;
}

const countOf: Readonly<Record<FinishedTaskState, keyof UpstreamEnds>> = {
  success: 'success',
  skipped: 'skipped',
  failed: 'failed',
  upstream_failed: 'upstreamFailed',
  removed: 'removed',
};

function evaluateIfOpen(instance: InstanceWork, open: InstanceWork[], changes: Changes): void {
  if (instance.state === 'none') evaluate(instance, open, changes);
}

function evaluate(instance: InstanceWork, ended: InstanceWork[], changes: Changes): void {
  const verdict = ruleVerdict(instance);
  if (verdict === 'wait') return;
  if (verdict !== 'run') {
    moveInstance(instance, verdict, changes, verdictReason(instance, verdict));
    ended.push(instance);
    return;
  }
  if (instance.decision?.startsWith('skipped_by:')) {
    moveInstance(instance, 'skipped', changes, `${instance.decision.slice('skipped_by:'.length)} decided so`);
    ended.push(instance);
    return;
  }
  const { blocking } = pastVerdict(instance);
  if (blocking !== null) {
    instance.run.waitingOnPast.add(instance, blocking);
    return;
  }
  schedule(instance, ended, changes);
}

function schedule(instance: InstanceWork, ended: InstanceWork[], changes: Changes): void {
  moveInstance(instance, 'scheduled', changes);
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

/** The setups first, then the task's own rule: the order in which they may say no. */
export function ruleVerdict(instance: InstanceWork): RuleVerdict {
  const { task, run } = instance;
  if (task.setups.length > 0) {
    const verdict = evaluateSetups(instance.setupEnds, task.setups.length);
    if (verdict !== 'run') return verdict;
  }
  if (task.spec.triggerRule !== 'all_done_setup_success') {
    return evaluateTriggerRule(task.spec.triggerRule, instance.ends, task.upstream.length, noSetups);
  }
  return evaluateTriggerRule(task.spec.triggerRule, instance.ends, task.upstream.length, {
    expected: task.upstreamSetups.length,
    ends: endsOf(task.upstreamSetups.map((i) => run.instances[i]!.state)),
  });
}

const noSetups = { expected: 0, ends: zero };

function endsOf(states: readonly TaskState[]): UpstreamEnds {
  const ends = { ...zero };
  for (const state of states) if (isFinished(state)) ends[countOf[state]] += 1;
  return ends;
}

function verdictReason(instance: InstanceWork, verdict: 'skipped' | 'upstream_failed'): string {
  const { task, run } = instance;
  const wanted: readonly TaskState[] =
    verdict === 'upstream_failed' ? ['failed', 'upstream_failed'] : ['skipped', 'success'];
  const causes = [...task.setups, ...task.upstream]
    .filter((i) => wanted.includes(run.instances[i]!.state))
    .slice(0, 3)
    .map((i) => `${run.graph.tasks[i]!.spec.taskId} is ${run.instances[i]!.state}`);
  return causes.length === 0 ? `its rule ${task.spec.triggerRule} cannot pass any more` : causes.join(', ');
}
