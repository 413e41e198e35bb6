import type { SerializedError } from '../../errors.ts';
import type { CallbackFacts } from '../../notifiers/callback-facts.ts';
import type { NotificationEvent } from '../../notifiers/notification.ts';
import { instanceName } from '../../state/index.ts';
import type { Changes } from './changes.ts';
import { instancesOf } from './map-scope.ts';
import type { DagWorkState, InstanceWork, RunWork } from './work.ts';

/** Something that happened and that somebody may have to be told of, once it is committed. */
export interface News {
  readonly event: Exclude<NotificationEvent, 'onExecute'>;
  readonly run: RunWork;
  /** Null: the run. */
  readonly instance: InstanceWork | null;
  readonly attemptId: number | null;
  readonly facts: CallbackFacts;
  /** Whether the author gave callbacks for it. */
  readonly hasCallbacks: boolean;
}

/** A callback in the outbox: committed, and not yet delivered. */
export interface CallbackWork {
  readonly key: number;
  readonly dag: DagWorkState;
  readonly runKey: number;
  readonly taskInstanceKey: number | null;
  readonly attemptId: number | null;
  readonly event: News['event'];
  readonly facts: CallbackFacts;
  /** Version whose functions are called: the one that ran. */
  readonly version: string;
  readonly createdAt: number;
  /** How often it was handed to a runner. */
  grantNumber: number;
  /** How often this scheduler saw its runner go. */
  losses: number;
}

/** A callback that changed: delivered, given up, or to be handed out again. */
export interface CallbackChange {
  readonly callback: CallbackWork;
  readonly state: 'pending' | 'success' | 'failed';
  /** Grant under which the database knows it. */
  readonly fromGrant: number;
  readonly log: { readonly segment: string; readonly start: number; readonly end: number | null } | null;
  readonly error: SerializedError | null;
}

/**
 * Notes what became of a task by itself: not what a person set, and not what a rule decided about a task that never ran. Failures
 * are noted also without callbacks, for the installation's own alerts.
 */
export function tellTask(
  instance: InstanceWork,
  event: 'onSuccess' | 'onFailure' | 'onRetry' | 'onSkipped',
  error: SerializedError | null,
  changes: Changes,
): void {
  const hasCallbacks = instance.task.spec.callbacks.includes(event);
  if (!hasCallbacks && event !== 'onFailure' && event !== 'onRetry') return;
  const { run, attemptId } = instance;
  const facts = { ...factsOf(run), ...taskFacts(instance), error };
  changes.news.push({ event, run, instance, attemptId, facts, hasCallbacks });
}

/** Notes the end of a run that its tasks (or its time limit) brought about. */
export function tellRun(run: RunWork, changes: Changes): void {
  const event = run.state === 'success' ? 'onSuccess' : 'onFailure';
  const hasCallbacks = run.graph.dag.callbacks?.includes(event) ?? false;
  const facts = event === 'onFailure' ? { ...factsOf(run), failedTasks: failedTasks(run) } : factsOf(run);
  changes.news.push({ event, run, instance: null, attemptId: null, facts, hasCallbacks });
}

/** What is true of a run at this moment, as if it were about the run alone. */
export function factsOf(run: RunWork): CallbackFacts {
  return {
    runId: run.runId,
    runType: run.runType,
    taskId: null,
    mapPath: '',
    renderedMapIndex: null,
    tryNumber: 0,
    maxTries: 0,
    state: run.state,
    reason: run.reason,
    error: null,
    logicalDate: run.logicalDate,
    dataIntervalStart: run.dataIntervalStart,
    dataIntervalEnd: run.dataIntervalEnd,
    startDate: run.startDate,
    endDate: run.endDate,
    conf: run.conf,
    failedTasks: [],
    recovered: false,
    deadline: null,
    url: null,
  };
}

/** What is true of a task at this moment. */
export function taskFacts(instance: InstanceWork): Partial<CallbackFacts> {
  return {
    taskId: instance.task.spec.taskId,
    mapPath: instance.mapPath,
    renderedMapIndex: instance.renderedMapIndex,
    tryNumber: instance.tryNumber,
    maxTries: instance.maxTries,
    state: instance.state,
    reason: instance.reason,
    startDate: instance.startDate,
    endDate: instance.endDate,
  };
}

const MAX_NAMED_TASKS = 10;

function failedTasks(run: RunWork): string[] {
  const failed: string[] = [];
  for (const each of instancesOf(run)) {
    if (each.state === 'failed')
      failed.push(instanceName(each.task.spec.taskId, each.mapPath, each.renderedMapIndex));
    if (failed.length === MAX_NAMED_TASKS) break;
  }
  return failed;
}
