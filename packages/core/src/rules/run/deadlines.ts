import type { SerializedDeadline } from '../../serialization/serialized-dag.ts';
import { isRunFinished } from '../../state/index.ts';
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

/** Whether a deadline still has something to wait for: the run goes on, nobody was told yet, and what it is about is not done. */
export function isMissed(run: RunWork, { name, taskId }: SerializedDeadline): boolean {
  if (isRunFinished(run.state) || run.deadlinesMissed.has(name)) return false;
  // The run is about other tasks.
  if (taskId !== null && !run.graph.indexOf.has(taskId)) return false;
  // One that waits for room has not begun anything.
  if (taskId === null || run.tasks.length === 0) return true;
  return lateInstance(run, taskId) !== null;
}

/** The instant of a deadline has come. What is late by then is noted once, and somebody is told of it; the run goes on. */
export function passDeadline(run: RunWork, { deadline, dueAt }: DueDeadline, changes: Changes): void {
  if (!isMissed(run, deadline)) return;
  const { name, taskId } = deadline;
  run.deadlinesMissed.add(name);
  changes.deadlinesMissed.push({ run, name, taskId, dueAt });
  const { dagId } = run.dag;
  const data = { name, taskId, dueAt: new Date(dueAt).toISOString() };
  changes.event({ type: 'deadline_missed', dagId, run, data });
  const instance = taskId === null ? null : lateInstance(run, taskId);
  const facts = {
    ...factsOf(run),
    taskId,
    ...(instance === null
      ? {}
      : { state: instance.state, reason: instance.reason, tryNumber: instance.tryNumber }),
    deadline: { name, dueAt },
  };
  const attemptId = instance?.attemptId ?? null;
  changes.news.push({ event: 'onMiss', run, instance, attemptId, facts, hasCallbacks: deadline.callback });
}

/** The first instance of a task that is not done; of a mapped one the lowest index. */
function lateInstance(run: RunWork, taskId: string): InstanceWork | null {
  const instances = run.tasks[run.graph.indexOf.get(taskId) ?? -1]?.root.instances ?? [];
  return instances.find(({ state }) => !DONE.has(state)) ?? null;
}

const DONE: ReadonlySet<string> = new Set(['success', 'skipped', 'removed']);

function onClock(day: string, time: string, timezone: string): number {
  return parseInstant(`${day}T${time}`, timezone).getTime();
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}
