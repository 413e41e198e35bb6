import type { SerializedError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RunState, RunType, TaskState } from '../state/index.ts';

/**
 * What was true when something happened that somebody is told of, as plain JSON: committed with the state it tells of, so that what is
 * said later is about that moment. Instants are milliseconds UTC.
 */
export interface CallbackFacts {
  /** Of the run. */
  readonly runId: string;
  /** What made the run. */
  readonly runType: RunType;
  /** Null: of the run. */
  readonly taskId: string | null;
  /** Which mapped instance, `3` or `3.0`; empty: not mapped. */
  readonly mapPath: string;
  /** How people call that map index; null: by its number. */
  readonly renderedMapIndex: string | null;
  /** 0 for the run. */
  readonly tryNumber: number;
  /** Tries that it has at most before it fails for good, less one: Airflow's word. */
  readonly maxTries: number;
  /** The state that was committed. */
  readonly state: TaskState | RunState;
  /** Why it is in that state, in words, when something is known. */
  readonly reason: string | null;
  /** Why it failed or is tried again; null otherwise. */
  readonly error: SerializedError | null;
  /** Milliseconds since 1970. */
  readonly logicalDate: number;
  /** Milliseconds since 1970. */
  readonly dataIntervalStart: number;
  /** Milliseconds since 1970. */
  readonly dataIntervalEnd: number;
  /** Milliseconds since 1970; null: it never began. */
  readonly startDate: number | null;
  /** Milliseconds since 1970; null: it goes on. */
  readonly endDate: number | null;
  /** What the run was triggered with. */
  readonly conf: JsonObject;
  /** Tasks of the run that failed, at most ten, of mapped ones their instances: for the run's own end. */
  readonly failedTasks: readonly string[];
  /** A success after a failure: of the try before, or of the run before. */
  readonly recovered: boolean;
  /** The deadline that passed; null for other events. */
  readonly deadline: DeadlineFacts | null;
  /** Page of it in the web UI. */
  readonly url: string | null;
}

/** The deadline that passed, as a callback is told of it. */
export interface DeadlineFacts {
  readonly name: string;
  /** When it was due, in milliseconds since 1970. */
  readonly dueAt: number;
}
