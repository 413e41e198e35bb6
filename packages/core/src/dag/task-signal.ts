import { type Duration, durationMs } from '../duration.ts';
import { TsflowError } from '../errors.ts';
import type { JsonObject } from '../json.ts';

const SIGNAL = Symbol.for('tsflow.task-signal');

/** Thrown by a task to end as skipped: no retry, downstream follows its trigger rules, `onSkipped` is called. */
export class TaskSkipped extends TsflowError {
  constructor(reason = 'The task skipped itself.') {
    super('task_skipped', reason);
    mark(this, 'skipped');
  }
}

/** Thrown by a task to fail for good: the retries that are left are not used. */
export class TaskFailed extends TsflowError {
  constructor(reason = 'The task failed for good.', options?: ErrorOptions) {
    super('task_failed', reason, options);
    mark(this, 'failed');
  }
}

/**
 * Thrown by a task to give back its slot and be called again later, in the same try. `state` (small JSON) is what
 * `context.state.load()` returns then; left out, the state saved before stays.
 */
export class TaskRescheduled extends TsflowError {
  /** When to call again. */
  readonly at: Date;
  readonly state: JsonObject | undefined;

  /** @param when an instant, or a duration from now (number: seconds) */
  constructor(when: Date | Duration, state?: JsonObject) {
    const at = when instanceof Date ? when : new Date(Date.now() + durationMs(when, 'TaskRescheduled'));
    super('task_rescheduled', `To be called again at ${at.toISOString()}.`);
    this.at = at;
    this.state = state;
    mark(this, 'rescheduled');
  }
}

export type TaskSignalKind = 'skipped' | 'failed' | 'rescheduled';

/** Which signal `thrown` is, whichever copy of this package it was made by; null: an ordinary error. */
export function taskSignal(thrown: unknown): TaskSignalKind | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  return (thrown as { [SIGNAL]?: TaskSignalKind })[SIGNAL] ?? null;
}

function mark(error: Error, kind: TaskSignalKind): void {
  Object.defineProperty(error, SIGNAL, { value: kind });
}
