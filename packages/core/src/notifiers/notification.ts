import type { ConnectionPort } from '../connections/index.ts';
import type { SerializedError } from '../errors.ts';
import type { RunType } from '../state/index.ts';

/** What a callback can be called for. `onMiss` belongs to deadlines. */
export type NotificationEvent = 'onExecute' | 'onSuccess' | 'onFailure' | 'onRetry' | 'onSkipped' | 'onMiss';

/**
 * What happened, for a callback: plain facts and the ports to tell somebody. The state was committed before the callback is
 * called; what it throws is logged and changes nothing.
 */
export interface Notification {
  readonly event: NotificationEvent;
  /** The same when a notification is delivered again after a crash: lets the receiver drop the repeat. */
  readonly callbackId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: RunType;
  /** Null for callbacks of the run. */
  readonly taskId: string | null;
  /** -1: not mapped. */
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly logicalDate: Date;
  /** Why it failed or is tried again; null otherwise. */
  readonly error: SerializedError | null;
  /** Page of it in the web UI, when the installation knows its own address. */
  readonly url: string | null;
  readonly log: NotificationLog;
  readonly connections: ConnectionPort;
}

export interface NotificationLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A function that tells somebody. Called at least once per event, normally exactly once. */
export type Callback = (notification: Notification) => void | Promise<void>;

/** One callback, or several that are called in order. */
export type Callbacks = Callback | readonly Callback[];
