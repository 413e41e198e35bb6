import { formatDuration } from '../../duration.ts';
import { instanceName, isFinished, type RunState, type TaskState } from '../../state/index.ts';
import { exitLevel } from '../graph/closed-group.ts';
import { previousOf } from '../run/loop-step.ts';
import { ruleVerdict } from '../run/rule-verdict.ts';
import { holdsSlot } from '../work/activity.ts';
import { ignoresDependencies } from '../work/decision.ts';
import { nameOf } from '../work/instance-name.ts';
import { countsOutside, membersOf, relevantInstances } from '../work/map-scope.ts';
import { pastVerdict } from '../work/past.ts';
import type { GroupWork, InstanceWork } from '../work/work.ts';
import { ruleInWords } from './rule-in-words.ts';

/** What the checks look at besides the instance: the state of the world at one moment. */
export interface ReadinessWorld {
  readonly now: number;
  readonly schedulers: readonly { readonly id: string; readonly beatAgeMs: number }[];
  readonly leaseMs: number;
  readonly maxActiveRuns: number;
  readonly activeRuns: number;
  readonly maxActiveTasks: number;
  readonly parallelism: { readonly limit: number; readonly used: number };
  /** `slots` is null when there is no such pool. */
  readonly pool: { readonly name: string; readonly slots: number | null; readonly used: number };
  readonly taskLimit: { readonly limit: number; readonly used: number } | null;
  /** Limits within the run that the task counts against: `group:<groupId>`, `task:<taskId>`. */
  readonly runLimits: readonly { readonly name: string; readonly limit: number; readonly used: number }[];
  /** Null: the task has no concurrency key. */
  readonly concurrencyKey: { readonly key: string; readonly limit: number; readonly used: number } | null;
}

export interface Readiness {
  readonly name: string;
  readonly passed: boolean;
  /** For the person looking at the UI. */
  readonly reason: string;
}

/** One reason a task may have to wait. Cheap, pure, and worded for the person who asks. */
interface ReadinessCheck {
  readonly name: string;
  evaluate(
    instance: InstanceWork,
    world: ReadinessWorld,
  ): { readonly passed: boolean; readonly reason: string };
}

/**
 * Why a task instance is not running: every check in the order in which the scheduler meets them, unmet ones included. Rule and past
 * are asked by the functions that decide (`ruleVerdict`, `pastVerdict`); the limits restate the gates of the ready queue with numbers.
 */
export function explainReadiness(instance: InstanceWork, world: ReadinessWorld): readonly Readiness[] {
  return CHECKS.map(({ name, evaluate }) => ({ name, ...evaluate(instance, world) }));
}

/**
 * Why a mapped task is not done, asked of no instance in particular: about the first that waits, or else the first that is active.
 *
 * @param instances all of the task in the run, in the order of their map indexes; at least one
 */
export function explainMapped(
  instances: readonly InstanceWork[],
  world: ReadinessWorld,
): readonly Readiness[] {
  const open = instances.filter(({ state }) => !isFinished(state));
  const first = open.find(({ state }) => !holdsSlot(state)) ?? open[0];
  const name = 'map_index';
  if (first === undefined)
    return [{ name, passed: false, reason: `All ${instances.length} instances of it have ended.` }];
  const reason = `${open.length} of its ${instances.length} instances have not ended. This is about ${nameOf(first)}.`;
  return [{ name, passed: true, reason }, ...explainReadiness(first, world)];
}

/** Why a run has not begun. */
export function explainRun(
  run: { state: RunState; isPaused: boolean },
  world: ReadinessWorld,
): readonly Readiness[] {
  const { maxActiveRuns, activeRuns } = world;
  return [
    scheduler(world),
    paused(run.isPaused),
    run.state === 'queued'
      ? {
          name: 'max_active_runs',
          passed: activeRuns < maxActiveRuns,
          reason: `${activeRuns} of at most ${maxActiveRuns} runs of this DAG are active.`,
        }
      : { name: 'max_active_runs', passed: true, reason: `The run is ${run.state}.` },
  ];
}

function scheduler({ schedulers, leaseMs }: ReadinessWorld): Readiness {
  const newest = Math.min(...schedulers.map((one) => one.beatAgeMs));
  const passed = newest < leaseMs;
  const reason = passed
    ? `A scheduler is alive; it beat ${(newest / 1000).toFixed(1)} s ago.`
    : schedulers.length === 0
      ? 'No scheduler is running: start one with "tsflow standalone" or "tsflow scheduler".'
      : `The scheduler has not beaten for ${Math.round(newest / 1000)} s.`;
  return { name: 'scheduler', passed, reason };
}

function paused(isPaused: boolean): Readiness {
  return {
    name: 'paused',
    passed: !isPaused,
    reason: isPaused ? 'The DAG is paused.' : 'The DAG is not paused.',
  };
}

/** A state as people write it. */
const inWords = (state: TaskState): string => state.replaceAll('_', ' ');

/** How something ended, as a sentence without its end. */
const ENDS: Partial<Record<TaskState, string>> = {
  success: 'It has succeeded',
  failed: 'It has failed',
  skipped: 'It was skipped',
  upstream_failed: 'It did not run, because something before it failed',
  removed: 'It is no part of the DAG any more',
};

/** A group around it that begins again holds it back; one that began more than once says which try this is. */
function groupRetry(instance: InstanceWork, now: number): { passed: boolean; reason: string } {
  const group = instance.groups.find(({ failed }) => failed !== null);
  if (group?.failed != null) {
    const { failed, live, tryNumber, maxTries } = group;
    const inMs = (failed.nextAt ?? now) - now;
    const when =
      live > 1
        ? 'as soon as what is active in it has ended'
        : inMs <= 0
          ? 'now'
          : `in ${formatDuration(Math.ceil(inMs / 1000) * 1000)}, at ${new Date(failed.nextAt!).toISOString()}`;
    const { groupId } = group.group;
    return {
      passed: false,
      reason: `Its group ${groupId} begins again ${when}: ${nameOf(failed)} failed in try ${tryNumber} of ${maxTries + 1}.`,
    };
  }
  const again = instance.groups.filter(({ tryNumber }) => tryNumber > 1);
  const tries = again.map(
    ({ group: { groupId }, tryNumber, maxTries }) =>
      `${groupId} is in its try ${tryNumber} of ${maxTries + 1}`,
  );
  return {
    passed: true,
    reason: tries.length === 0 ? 'No group around it begins again.' : `Its group ${tries.join(', ')}.`,
  };
}

/** An iteration of a loop waits for the one before. */
function loopBefore({ run, groups, state }: InstanceWork): { passed: boolean; reason: string } {
  for (const group of state === 'none' ? groups : []) {
    const previous = previousOf(run, group);
    if (previous === undefined || previous.unfinished === 0) continue;
    const going = [...membersOf(previous)].filter((member) => !isFinished(member.state));
    const names = going.slice(0, 3).map((member) => `${nameOf(member)} (${member.state})`);
    return {
      passed: false,
      reason: `The iteration before it in loop ${group.group.groupId} has not ended: ${names.join(', ')}${going.length > 3 ? ', …' : ''}.`,
    };
  }
  return { passed: true, reason: 'It waits for no iteration of a loop.' };
}

/** What is upstream, or may skip it, in a group that may still begin again does not count before all of that group has ended. */
function closedGroupsAbove(instance: InstanceWork): { passed: boolean; reason: string } {
  const { task } = instance;
  const open = new Set<GroupWork>();
  const deciders = task.spec.triggerRule === 'always' ? [] : task.closedDeciders;
  for (const index of new Set([...task.setups, ...task.upstream, ...deciders.map(({ task: of }) => of)])) {
    for (const above of relevantInstances(instance, index)) {
      const exit = exitLevel(above.task.closedGroups, task.closedGroups);
      if (!countsOutside(above, exit)) open.add(above.groups[exit]!);
    }
  }
  const passed = open.size === 0 || instance.state !== 'none';
  if (passed) return { passed, reason: 'It waits for no group as a whole.' };
  const waits = [...open].slice(0, 3).map((group) => {
    const going = [...membersOf(group)].filter(({ state }) => !isFinished(state));
    const { groupId } = group.group;
    const names = going.slice(0, 3).map((member) => `${nameOf(member)} (${inWords(member.state)})`);
    return `group ${instanceName(groupId, group.mapPath)}: ${names.join(', ')}${going.length > 3 ? ', …' : ''}`;
  });
  return {
    passed,
    reason: `It waits until all of these have ended, since they may begin again, or go round once more: ${waits.join('; ')}.`,
  };
}

const CHECKS: readonly ReadinessCheck[] = [
  {
    name: 'state',
    evaluate({ state, reason, attempt }) {
      const active = state === 'running' || state === 'queued';
      const passed = !isFinished(state) && !active;
      if (isFinished(state))
        return {
          passed,
          reason: `${ENDS[state] ?? `It has ended: ${inWords(state)}`}${reason === null ? '' : `: ${reason}`}.`,
        };
      if (state === 'running')
        return {
          passed,
          reason: `It is running${attempt?.pid == null ? '' : ` as process ${attempt.pid}`}.`,
        };
      if (state === 'queued') return { passed, reason: 'It has a slot and waits for a runner to begin.' };
      return { passed, reason: `It is ${inWords(state)}${reason === null ? '' : `: it ${reason}`}.` };
    },
  },
  { name: 'scheduler', evaluate: (_instance, world) => scheduler(world) },
  {
    name: 'run_state',
    evaluate: ({ run }) => ({ passed: run.state === 'running', reason: `The run is ${run.state}.` }),
  },
  { name: 'paused', evaluate: ({ run }) => paused(run.dag.isPaused) },
  {
    name: 'trigger_rule',
    evaluate(instance) {
      if (instance.state !== 'none')
        return { passed: true, reason: 'What was before it has let it through.' };
      if (ignoresDependencies(instance))
        return { passed: true, reason: 'Somebody asked for it to run whatever stands before it.' };
      const { task } = instance;
      const verdict = ruleVerdict(instance);
      const open = [...new Set([...task.setups, ...task.upstream])]
        .flatMap((index) => relevantInstances(instance, index))
        .filter(({ state }) => !isFinished(state))
        .map(
          (upstream) =>
            `${nameOf(upstream)} (${upstream.state === 'none' ? 'not started' : inWords(upstream.state)})`,
        );
      const waits =
        open.length === 0
          ? ''
          : ` Still to come: ${open.slice(0, 10).join(', ')}${open.length > 10 ? ', …' : ''}.`;
      return { passed: verdict === 'run', reason: `${ruleInWords(task.spec.triggerRule)}${waits}` };
    },
  },
  { name: 'group_retry', evaluate: (instance, { now }) => groupRetry(instance, now) },
  { name: 'loop', evaluate: loopBefore },
  { name: 'closed_groups', evaluate: closedGroupsAbove },
  {
    name: 'depends_on_past',
    evaluate(instance) {
      if (ignoresDependencies(instance))
        return { passed: true, reason: 'Somebody asked for it to run whatever became of the previous run.' };
      const { passed, reason } = pastVerdict(instance);
      return { passed, reason };
    },
  },
  {
    name: 'wait',
    evaluate({ nextAt, state }, { now }) {
      if (nextAt === null || nextAt <= now) return { passed: true, reason: 'It waits for no time.' };
      const seconds = Math.ceil((nextAt - now) / 1000);
      const why =
        state === 'up_for_retry'
          ? 'The next try begins'
          : state === 'deferred'
            ? 'Its wait ends or is given up'
            : 'It is called again';
      return { passed: false, reason: `${why} in ${seconds} s, at ${new Date(nextAt).toISOString()}.` };
    },
  },
  {
    name: 'parallelism',
    evaluate: (_instance, { parallelism: { limit, used } }) => ({
      passed: used < limit,
      reason:
        limit === 0
          ? 'The Variable parallelism is 0: nothing starts.'
          : `${used} of ${limit} slots of parallelism are in use.`,
    }),
  },
  {
    name: 'max_active_tasks',
    evaluate: ({ run }, { maxActiveTasks }) => ({
      passed: run.dag.activeTasks < maxActiveTasks,
      reason: `${run.dag.activeTasks} of at most ${maxActiveTasks} tasks of this DAG are active.`,
    }),
  },
  {
    name: 'max_active_tis_per_dag',
    evaluate: (_instance, { taskLimit }) =>
      taskLimit === null
        ? { passed: true, reason: 'The task has no limit of its own.' }
        : {
            passed: taskLimit.used < taskLimit.limit,
            reason: `${taskLimit.used} of at most ${taskLimit.limit} instances of this task are active.`,
          },
  },
  {
    name: 'run_limits',
    evaluate(_instance, { runLimits }) {
      if (runLimits.length === 0)
        return { passed: true, reason: 'No limit of the task or its groups within the run.' };
      const full = runLimits.filter(({ limit, used }) => used >= limit);
      const shown = (full.length > 0 ? full : runLimits)
        .map(({ name, limit, used }) => `${used} of at most ${limit} of ${name.replace(':', ' ')}`)
        .join(', ');
      return { passed: full.length === 0, reason: `Active within the run: ${shown}.` };
    },
  },
  {
    name: 'concurrency_key',
    evaluate(_instance, { concurrencyKey: of }) {
      if (of === null) return { passed: true, reason: 'The task has no concurrency key.' };
      const reason = `${of.used} of at most ${of.limit} tasks with the key ${of.key} are active, over all DAGs.`;
      return { passed: of.used < of.limit, reason };
    },
  },
  {
    name: 'pool',
    evaluate({ task }, { pool: { name, slots, used } }) {
      const { poolSlots } = task.spec;
      if (slots === null) {
        return {
          passed: false,
          reason: `There is no pool ${name}: make it with "tsflow pools set ${name} <slots>".`,
        };
      }
      if (slots < 0) return { passed: true, reason: `Pool ${name} is unlimited.` };
      if (poolSlots > slots) {
        return {
          passed: false,
          reason: `It needs ${poolSlots} slots and pool ${name} has only ${slots} in all: make the pool larger.`,
        };
      }
      return {
        passed: used + poolSlots <= slots,
        reason: `${used} of ${slots} slots of pool ${name} are in use; it needs ${poolSlots}.`,
      };
    },
  },
];
