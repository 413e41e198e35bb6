import type { SerializedDeadline } from '../../serialization/serialized-dag.ts';
import { instanceName, isRunFinished } from '../../state/index.ts';
import type { RunInfo } from '../../timetables/index.ts';
import { parseInstant, zonedDay } from '../../timetables/written-instant.ts';
import type { Changes } from '../work/changes.ts';
import { factsOf } from '../work/news.ts';
import type { InstanceWork, RunWork } from '../work/work.ts';

const DAY_MS = 86_400_000;

/** A deadline of one run, at its instant. */
export interface DueDeadline {
  readonly deadline: SerializedDeadline;
  readonly dueAt: number;
}

/** What of a run says when its deadlines are. */
export interface RunDue {
  readonly runType: string;
  readonly dataIntervalEnd: number;
  readonly queuedAt: number;
}

/**
 * When the deadlines of a run are. A scheduled run becomes due at its tick, any other when it was asked for; `by` is on the wall clock
 * of that day, or of the next when it was past that time already. Runs of a backfill have none: they are late by design.
 */
export function deadlinesOf(
  run: RunDue,
  dag: { readonly timezone: string; readonly deadlines?: readonly SerializedDeadline[] },
): readonly DueDeadline[] {
  if (dag.deadlines === undefined || dag.deadlines.length === 0 || run.runType === 'backfill') return [];
  const due = run.runType === 'scheduled' ? run.dataIntervalEnd : run.queuedAt;
  return dag.deadlines.map((deadline) => {
    if (deadline.by === null) return { deadline, dueAt: due + deadline.withinMs! };
    const today = onClock(zonedDay(due, dag.timezone), deadline.by, dag.timezone);
    if (today >= due) return { deadline, dueAt: today };
    const tomorrow = nextDay(zonedDay(due, dag.timezone));
    return { deadline, dueAt: onClock(tomorrow, deadline.by, dag.timezone) };
  });
}

/** The first instant at which the run of a tick is late for something; null: it has no deadline. */
export function lateAt({ dataInterval }: RunInfo, dag: Parameters<typeof deadlinesOf>[1]): number | null {
  const run = { runType: 'scheduled', dataIntervalEnd: dataInterval.end.getTime(), queuedAt: 0 };
  const dues = deadlinesOf(run, dag).map(({ dueAt }) => dueAt);
  return dues.length === 0 ? null : Math.min(...dues);
}

/**
 * Whether the instant of a deadline still means something: the run goes on, and nobody was told yet. What it is about may be done by now and not
 * be done at that instant: its loop goes round once more, its group begins again, somebody clears it.
 */
export function isPending(run: RunWork, { name, taskId }: SerializedDeadline): boolean {
  if (isRunFinished(run.state) || run.deadlinesMissed.has(name)) return false;
  // The run is about other tasks.
  return taskId === null || run.graph.indexOf.has(taskId);
}

/** The instant of a deadline has come. What is late by then is noted once, and somebody is told of it; the run goes on. */
export function passDeadline(run: RunWork, { deadline, dueAt }: DueDeadline, changes: Changes): void {
  if (!isPending(run, deadline)) return;
  const { name, taskId } = deadline;
  const late = taskId === null ? null : lateTask(run, taskId);
  if (taskId !== null && late === null) return;
  run.deadlinesMissed.add(name);
  changes.deadlinesMissed.push({ run, name, taskId, dueAt });
  const { dagId } = run.dag;
  const data = { name, taskId, dueAt: new Date(dueAt).toISOString() };
  changes.event({ type: 'deadline_missed', dagId, run, data });
  const instance = late?.instance ?? null;
  const facts = {
    ...factsOf(run),
    taskId,
    ...(late === null ? {} : { reason: late.reason }),
    ...(instance === null ? {} : { state: instance.state, tryNumber: instance.tryNumber }),
    deadline: { name, dueAt },
  };
  const attemptId = instance?.attemptId ?? null;
  changes.news.push({ event: 'onMiss', run, instance, attemptId, facts, hasCallbacks: deadline.callback });
}

/** What of a task is not done, and why in words. */
interface LateTask {
  /** Of a mapped one the lowest index. Null: there is none yet, or none of the iteration that goes on. */
  readonly instance: InstanceWork | null;
  readonly reason: string | null;
}

/** A task is done when all of its instances are; in a loop, when no further iteration can come. Null: it is done. */
function lateTask(run: RunWork, taskId: string): LateTask | null {
  const instances = run.tasks[run.graph.indexOf.get(taskId) ?? -1]?.root.instances;
  // A run that waits for room has not begun anything.
  if (instances === undefined) return { instance: null, reason: run.reason };
  const late = instances.filter(({ state }) => !DONE.has(state));
  const [first] = late;
  if (first !== undefined) {
    const { mapPath, renderedMapIndex, reason } = first;
    if (mapPath === '') return { instance: first, reason };
    const which = instanceName(taskId, mapPath, renderedMapIndex);
    const count = instances.filter(({ state }) => state !== 'removed').length;
    const state = first.state === 'none' ? 'not started' : first.state;
    const why = reason === null ? '' : `, ${reason}`;
    return {
      instance: first,
      reason: `${late.length} of ${count} are not done, first ${which}, ${state}${why}`,
    };
  }
  const loop = loopThatGoesOn(instances);
  return loop === null ? null : { instance: null, reason: `loop ${loop} goes on` };
}

/** Of the loops around these instances one that is not over: between two iterations, or in one, after what they had to do in it. */
function loopThatGoesOn(instances: readonly InstanceWork[]): string | null {
  for (const { state, groups } of instances) {
    // What is removed stands in iterations that will not be.
    if (state === 'removed') continue;
    const loop = groups.find((_, at) => groups[at + 1]?.group.isIteration);
    if (loop !== undefined && !loop.isOver) return loop.group.groupId;
  }
  return null;
}

const DONE: ReadonlySet<string> = new Set(['success', 'skipped', 'removed']);

function onClock(day: string, time: string, timezone: string): number {
  return parseInstant(`${day}T${time}`, timezone).getTime();
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
