import type { InstanceWork, TurnEvent } from '@tsflow/core/rules';
import type { NewEvent } from '@tsflow/core/store';

/** The event of what became of an instance in a turn, with the states that it went through. */
export function taskEvent(instance: InstanceWork, at: number): NewEvent {
  const path = instance.path!;
  const data = {
    tryNumber: instance.tryNumber,
    ...(path.length > 2 ? { path } : {}),
    ...(instance.reason === null ? {} : { reason: instance.reason }),
  };
  return {
    at,
    dagId: instance.run.dag.dagId,
    runKey: instance.run.key,
    taskInstanceKey: instance.key,
    attemptId: instance.attemptId,
    type: 'task_state',
    fromState: path[0]!,
    toState: instance.state,
    actor: 'scheduler',
    data: JSON.stringify(data),
  };
}

export function eventRow(event: TurnEvent, at: number): NewEvent {
  return {
    at,
    dagId: event.dagId,
    runKey: event.run?.key ?? event.instance?.run.key ?? event.runKey ?? null,
    taskInstanceKey: event.instance?.key ?? null,
    attemptId: event.attemptId ?? null,
    type: event.type,
    fromState: event.from ?? null,
    toState: event.to ?? null,
    actor: event.actor ?? 'scheduler',
    data: event.data === undefined ? null : JSON.stringify(event.data),
  };
}
