import { type Duration, durationMs } from '../duration.ts';
import { TsflowError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { isTrigger, type Trigger } from './trigger.ts';
import type { OnTimeout, TriggerCall, Wait } from './wait.ts';

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
  /** What is saved for the next call; undefined: what was saved before. */
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

/** How a deferral is given up. */
export interface DeferralOptions {
  /** Give up at this instant, or after this long. Default: never. */
  readonly timeout?: Date | Duration | undefined;
  /** Default `fail`: without retry. */
  readonly onTimeout?: OnTimeout | undefined;
}

/**
 * Thrown by a task to give back its slot and its process until something has come, in the same try: an instant, something that the
 * scheduler itself waits for, or a {@link Trigger}. Then the operator's `resume` is called; without one, what came is the output.
 */
export class TaskDeferred extends TsflowError {
  /** What is waited for. */
  readonly on: Wait | TriggerCall;
  /** When the wait is given up; null: never. */
  readonly timeoutAt: Date | null;
  /** What becomes of the task then. */
  readonly onTimeout: OnTimeout;

  constructor(on: Date | Wait | TriggerCall | Trigger, options: DeferralOptions = {}) {
    const { timeout, onTimeout = 'fail' } = options;
    const target = deferralTarget(on);
    super('task_deferred', `Deferred: ${target.kind === 'trigger' ? target.type : target.kind}.`);
    this.on = target;
    this.timeoutAt =
      timeout === undefined || timeout instanceof Date
        ? (timeout ?? null)
        : new Date(Date.now() + durationMs(timeout, 'timeout'));
    this.onTimeout = onTimeout;
    mark(this, 'deferred');
  }
}

function deferralTarget(on: Date | Wait | TriggerCall | Trigger): Wait | TriggerCall {
  if (on instanceof Date) return { kind: 'instant', at: on.toISOString() };
  return isTrigger(on) ? { kind: 'trigger', type: on.constructor.name, args: on.args } : on;
}

export type TaskSignalKind = 'skipped' | 'failed' | 'rescheduled' | 'deferred';

/** Which signal `thrown` is, whichever copy of this package it was made by; null: an ordinary error. */
export function taskSignal(thrown: unknown): TaskSignalKind | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  return (thrown as { [SIGNAL]?: TaskSignalKind })[SIGNAL] ?? null;
}

function mark(error: Error, kind: TaskSignalKind): void {
  Object.defineProperty(error, SIGNAL, { value: kind });
}
