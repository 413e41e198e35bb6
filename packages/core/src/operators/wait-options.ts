import { DagDefinitionError } from '../dag/definition-error.ts';
import type { OnTimeout } from '../dag/wait.ts';
import { type Duration, durationMs } from '../duration.ts';
import { errorMessage } from '../errors.ts';

/** How long everything that waits does so, and what then. */
export interface WaitOptions {
  /** Give up this long after the wait began; retries and lost runners do not prolong it. A number is seconds. Default 7 days. */
  readonly timeout?: Duration | undefined;
  /** Given up: `fail` (default, without retry), `skip`, or `continue`: success, with the XCom `timed_out` for who comes after. */
  readonly onTimeout?: OnTimeout | undefined;
  /** Airflow's word for `onTimeout: 'skip'`. */
  readonly softFail?: boolean | undefined;
}

/** The fields of {@link WaitOptions}, for the static `fields` of a class that takes them. */
export const WAIT_FIELDS = { timeout: 'value', onTimeout: 'value', softFail: 'value' } as const;

const DEFAULT_TIMEOUT_MS = 7 * 86_400_000;
const ON_TIMEOUT = ['fail', 'skip', 'continue'] as const satisfies readonly OnTimeout[];

/** Checked, with defaults. Throws `DagDefinitionError`. */
export function waitSettings(
  taskId: string,
  { timeout, onTimeout, softFail }: WaitOptions,
): { readonly timeoutMs: number; readonly onTimeout: OnTimeout } {
  if (onTimeout !== undefined && !ON_TIMEOUT.includes(onTimeout)) {
    throw refused(
      taskId,
      `onTimeout expects one of ${ON_TIMEOUT.join(', ')}, got ${JSON.stringify(onTimeout)}.`,
    );
  }
  if (softFail !== undefined && onTimeout !== undefined) {
    throw refused(taskId, 'softFail and onTimeout say the same thing: give one of them.');
  }
  return {
    timeoutMs: optionMs(taskId, 'timeout', timeout) ?? DEFAULT_TIMEOUT_MS,
    onTimeout: onTimeout ?? (softFail === true ? 'skip' : 'fail'),
  };
}

/** A duration among an operator's options in milliseconds. Throws `DagDefinitionError`. */
export function optionMs(taskId: string, name: string, value: Duration | undefined): number | undefined {
  if (value === undefined) return undefined;
  try {
    return durationMs(value, name);
  } catch (error) {
    throw refused(taskId, errorMessage(error), error);
  }
}

export function refused(taskId: string, problem: string, cause?: unknown): DagDefinitionError {
  return new DagDefinitionError('invalid_option', `Task "${taskId}": ${problem}`, { cause });
}
