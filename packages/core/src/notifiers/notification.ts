import type { ConnectionPort } from '../connections/index.ts';
import type { SerializedError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RunState, RunType, TaskState } from '../state/index.ts';

/** What a callback can be called for. `onMiss` belongs to deadlines. */
export type NotificationEvent = 'onExecute' | 'onSuccess' | 'onFailure' | 'onRetry' | 'onSkipped' | 'onMiss';

/**
 * What happened, for a callback: plain facts and the ports to tell somebody. The state was committed before the callback is
 * called; what it throws is logged and changes nothing.
 */
export interface Notification {
  /** What happened. */
  readonly event: NotificationEvent;
  /** The same when a notification is delivered again after a crash: lets the receiver drop the repeat. */
  readonly callbackId: string;
  /** Of the DAG that it happened to. */
  readonly dagId: string;
  /** Of the run. */
  readonly runId: string;
  /** What made the run. */
  readonly runType: RunType;
  /** Null for callbacks of the run. */
  readonly taskId: string | null;
  /** -1: not mapped. */
  readonly mapIndex: number;
  /** Which mapped instance, with a component for each level: `3` or `3.0`; empty: not mapped. */
  readonly mapPath: string;
  /** How people call that index (`mapIndexTemplate`); null: by its number. */
  readonly renderedMapIndex: string | null;
  /** 0 for callbacks of the run. */
  readonly tryNumber: number;
  /** Tries that it has at most before it fails for good, less one: Airflow's word. */
  readonly maxTries: number;
  /** The state that was committed. */
  readonly state: TaskState | RunState;
  /** Why it is in that state, in words, when something is known. */
  readonly reason: string | null;
  /** Why it failed or is tried again; null otherwise. */
  readonly error: SerializedError | null;
  /** A success after a failure: of the try before, or of the run before. */
  readonly recovered: boolean;
  /** Tasks that failed, at most ten: of a run that failed. Of a mapped task its instances: `load [3]`. */
  readonly failedTasks: readonly string[];
  /** The instant the run is about. */
  readonly logicalDate: Date;
  /** The stretch of time the run is about: `start` belongs to it, `end` does not. */
  readonly dataInterval: { readonly start: Date; readonly end: Date };
  /** When the try, or the run, began; null: it never did. */
  readonly startDate: Date | null;
  /** When it ended; null: it goes on. */
  readonly endDate: Date | null;
  /** Day of `logicalDate` in the DAG's zone, `YYYY-MM-DD`. */
  readonly ds: string;
  /** Zone of the DAG (IANA name). */
  readonly timezone: string;
  /** What the run was triggered with. */
  readonly conf: JsonObject;
  /** The deadline that passed, for `onMiss`. */
  readonly deadline: { readonly name: string; readonly dueAt: Date } | null;
  /** Who is asked about it: of the task, else of the DAG. */
  readonly owner: string | null;
  /** Markdown about it: of the task, else of the DAG. A place for the way to handle its failures. */
  readonly doc: string | null;
  /** Page of it in the web UI, when the installation knows its own address (`TSFLOW_PUBLIC_URL`). */
  readonly url: string | null;
  /** Writes lines to the callback's own log: `tsflow runs callbacks DAG RUN --log`. */
  readonly log: NotificationLog;
  /** Reads Connections, for who is told. */
  readonly connections: ConnectionPort;
  /** A Jinja-style text with the members of this notification: `{{ dagId }} failed: {{ error.message }}`. */
  render(text: string): Promise<string>;
  /** Fires when the callback's time (one minute) is over. */
  readonly signal: AbortSignal;
}

export interface NotificationLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** A function that tells somebody. Called at least once per event, normally exactly once. */
export type Callback = (notification: Notification) => void | Promise<void>;

/** One callback, or several that are called in order. */
export type Callbacks = Callback | readonly Callback[];
