import type { SerializedError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { RunState, RunType, TaskState } from '../state/index.ts';

/**
 * What was true when something happened that somebody is told of, as plain JSON: committed with the state it tells of, so that what is
 * said later is about that moment. Instants are milliseconds UTC.
 */
export interface CallbackFacts {
  readonly runId: string;
  readonly runType: RunType;
  /** Null: of the run. */
  readonly taskId: string | null;
  readonly mapPath: string;
  /** 0 for the run. */
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly state: TaskState | RunState;
  /** Why it is in that state, in words, when something is known. */
  readonly reason: string | null;
  readonly error: SerializedError | null;
  readonly logicalDate: number;
  readonly dataIntervalStart: number;
  readonly dataIntervalEnd: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
  readonly conf: JsonObject;
  /** Tasks of the run that failed, at most ten: for the run's own end. */
  readonly failedTasks: readonly string[];
  /** A success after a failure: of the try before, or of the run before. */
  readonly recovered: boolean;
  readonly deadline: DeadlineFacts | null;
  /** Page of it in the web UI. */
  readonly url: string | null;
}

export interface DeadlineFacts {
  readonly name: string;
  readonly dueAt: number;
}
