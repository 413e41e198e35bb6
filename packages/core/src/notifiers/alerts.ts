import type { Callback, Callbacks, Notification } from './notification.ts';

/** When a notifier is called: at each failed try that is repeated, at the last one, at the first success after a failure. */
export type AlertEvent = 'retry' | 'failure' | 'recovered';

/** Calls `callbacks` for the first success after a failure alone: `onSuccess: recovered(slack('#data'))`. */
export function recovered(callbacks: Callbacks): Callback {
  return async (notification: Notification) => {
    if (!notification.recovered) return;
    for (const callback of [callbacks].flat() as readonly Callback[]) await callback(notification);
  };
}

/** Callbacks for some of the events, to be spread into the options of a task, a DAG or `defaultArgs`. */
export interface AlertCallbacks {
  /** Of the last failure. */
  readonly onFailure?: Callbacks;
  /** Of each failure that is tried again. */
  readonly onRetry?: Callbacks;
  /** Of the first success after a failure. */
  readonly onSuccess?: Callbacks;
}

/**
 * A policy: who is told of what. Default: of the last failure, and of the recovery from it; slower is not failed, and what a retry
 * mended pages nobody.
 *
 * ```ts
 * new DAG({ dagId: 'etl', defaultArgs: { retries: 2, ...alerts(slack('#data'), ['failure', 'recovered']) } }, …)
 * ```
 */
export function alerts(
  callbacks: Callbacks,
  on: readonly AlertEvent[] = ['failure', 'recovered'],
): AlertCallbacks {
  return {
    ...(on.includes('failure') ? { onFailure: callbacks } : {}),
    ...(on.includes('retry') ? { onRetry: callbacks } : {}),
    ...(on.includes('recovered') ? { onSuccess: recovered(callbacks) } : {}),
  };
}
