import { type Callback, type Notification, TsflowError } from '@tsflow/core';
import type { AnyDag } from '@tsflow/core/dag';
import { errorMessage } from '@tsflow/core/errors';
import { findTask } from '@tsflow/core/loader';
import { renderMessage } from '@tsflow/core/templating';
import type { CallbackCall, Workload } from '../task-api/protocol.ts';
import { type AttemptContext, mapIndexOf } from './task-context.ts';

/** Thrown when functions of a callback threw: what they told of stays as it is. */
export class CallbackFailedError extends TsflowError {
  constructor(event: string, messages: readonly string[], cause: unknown) {
    super('callback_failed', `${event} failed: ${messages.join('; ')}`, { cause });
  }
}

/**
 * Calls every function that the author gave for an event, in order, also when one before it threw. Throws
 * {@link CallbackFailedError} afterwards when some did.
 */
export async function callCallbacks(
  dag: AnyDag,
  workload: Workload,
  call: CallbackCall,
  context: AttemptContext,
): Promise<void> {
  const notification = notificationOf(dag, workload, call, context);
  const failures: unknown[] = [];
  for (const callback of callbacksOf(dag, call)) {
    try {
      await callback(notification);
    } catch (thrown) {
      failures.push(thrown);
      context.log.error(`A function of ${call.event} failed: ${errorMessage(thrown)}`);
    }
  }
  if (failures.length > 0) throw new CallbackFailedError(call.event, failures.map(errorMessage), failures[0]);
}

function callbacksOf(dag: AnyDag, { event, facts }: CallbackCall): readonly Callback[] {
  if (event === 'onMiss') {
    return dag.deadlines.find(({ name }) => name === facts.deadline?.name)?.onMiss ?? [];
  }
  if (facts.taskId !== null) return findTask(dag, facts.taskId).settings.callbacks[event] ?? [];
  return event === 'onSuccess' || event === 'onFailure' ? (dag.callbacks[event] ?? []) : [];
}

/** What a callback is told: the facts of its moment, and ports to tell somebody. */
export function notificationOf(
  dag: AnyDag,
  workload: Workload,
  { event, facts }: CallbackCall,
  context: AttemptContext,
): Notification {
  const task = facts.taskId === null ? undefined : dag.tasks.get(facts.taskId);
  const instant = (ms: number | null) => (ms === null ? null : new Date(ms));
  const told: Omit<Notification, 'render'> = {
    event,
    callbackId: String(workload.attemptId),
    dagId: workload.dagId,
    runId: facts.runId,
    runType: facts.runType,
    taskId: facts.taskId,
    mapIndex: mapIndexOf(facts.mapPath),
    mapPath: facts.mapPath,
    // Facts that an earlier version wrote have none.
    renderedMapIndex: facts.renderedMapIndex ?? null,
    tryNumber: facts.tryNumber,
    maxTries: facts.maxTries,
    state: facts.state,
    reason: facts.reason,
    error: facts.error,
    recovered: facts.recovered,
    failedTasks: facts.failedTasks,
    logicalDate: new Date(facts.logicalDate),
    dataInterval: { start: new Date(facts.dataIntervalStart), end: new Date(facts.dataIntervalEnd) },
    startDate: instant(facts.startDate),
    endDate: instant(facts.endDate),
    ds: context.ds,
    timezone: workload.timezone,
    conf: facts.conf,
    deadline:
      facts.deadline === null ? null : { name: facts.deadline.name, dueAt: new Date(facts.deadline.dueAt) },
    owner: task?.settings.owner ?? dag.owner,
    doc: task?.settings.doc ?? dag.doc,
    url: facts.url,
    log: context.log,
    connections: context.connections,
    signal: context.signal,
  };
  const { connections: _connections, log: _log, signal: _signal, ...names } = told;
  return { ...told, render: (text) => renderMessage(text, names, context.dagDirectory) };
}
