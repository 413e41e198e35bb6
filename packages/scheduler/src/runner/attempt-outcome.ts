import type { EmittedAssetEvent } from '@tsflow/core/assets';
import {
  type Decides,
  RETURN_VALUE,
  type TaskDeferred,
  type TaskRescheduled,
  taskSignal,
} from '@tsflow/core/dag';
import { formatDuration } from '@tsflow/core/duration';
import { serializeError, TsflowError } from '@tsflow/core/errors';
import type { Json, JsonObject } from '@tsflow/core/json';
import { InvalidParamsError } from '@tsflow/core/params';
import type { TaskDecision, TaskOutcome } from '../task-api/protocol.ts';
import { xcomValue } from './xcom-value.ts';

/** Thrown into a task (as the reason of its signal) and recorded when an attempt runs longer than its `executionTimeout`. */
export class ExecutionTimeoutError extends TsflowError {
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(
      'execution_timeout',
      `The task ran longer than its executionTimeout of ${formatDuration(timeoutMs)}.`,
    );
    this.timeoutMs = timeoutMs;
  }
}

/** The reason of a task's signal when somebody ends the attempt: a kill, a clear, a mark. */
export class AttemptCancelledError extends TsflowError {
  constructor(reason: string) {
    super('attempt_cancelled', `The attempt was ended: ${reason}.`);
  }
}

/** What becomes of a task that returned `value` and pushed `pushed` before. Throws `XComValueError`. */
export function successOutcome(
  value: unknown,
  pushed: ReadonlyMap<string, Json>,
  decides: Decides | null,
  assetEvents: readonly EmittedAssetEvent[],
  maxXComBytes?: number,
): TaskOutcome {
  const xcoms: { [key: string]: Json } = Object.fromEntries(pushed);
  const result = xcomValue(RETURN_VALUE, value, maxXComBytes);
  if (result !== undefined) xcoms[RETURN_VALUE] = result;
  return {
    kind: 'success',
    xcoms,
    ...(decides === null ? {} : { decision: decision(decides, value) }),
    ...(assetEvents.length === 0 ? {} : { assetEvents }),
  };
}

/**
 * What becomes of an attempt that ended by throwing: the one place where anything thrown turns into an outcome.
 *
 * @param savedState what a task that asks to be called again saved before; its own word wins
 * @param resumes whether the operator wants to be called with what a deferral brought
 */
export function thrownOutcome(thrown: unknown, savedState: JsonObject | null, resumes = false): TaskOutcome {
  switch (taskSignal(thrown)) {
    case 'skipped':
      return { kind: 'skipped', reason: (thrown as Error).message };
    case 'failed':
      return { kind: 'failed', error: serializeError(thrown), retryable: false };
    case 'rescheduled': {
      const { at, state } = thrown as TaskRescheduled;
      return { kind: 'reschedule', atMs: at.getTime(), savedState: state ?? savedState };
    }
    case 'deferred': {
      const { on, timeoutAt, onTimeout } = thrown as TaskDeferred;
      const after = resumes ? 'resume' : 'end';
      return {
        kind: 'defer',
        deferral: { on, timeoutAt: timeoutAt?.getTime() ?? null, onTimeout, after },
        savedState,
      };
    }
    default:
      // The same conf is refused again at the next try.
      return {
        kind: 'failed',
        error: serializeError(thrown),
        retryable: !(thrown instanceof InvalidParamsError),
      };
  }
}

function decision(decides: Decides, value: unknown): TaskDecision {
  if (decides === 'short_circuit') return { kind: 'short_circuit', proceed: Boolean(value) };
  if (decides === 'until') return { kind: 'until', isMet: Boolean(value) };
  const chosen = value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];
  return { kind: 'branch', chosen: chosen.map(String) };
}
