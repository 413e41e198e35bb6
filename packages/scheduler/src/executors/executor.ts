import type { Service } from '@tsflow/core/service';
import type { LogRange, RunnerMessage, Workload } from '../task-api/protocol.ts';

/**
 * Moves workloads to where they run and tells how they ended. Capacity and state are the scheduler's business: an executor
 * gets only what has been admitted and committed, and it decides nothing.
 *
 * Reports come back through {@link ExecutorEvents}; the scheduler answers each outcome with `accept` once it is committed, or
 * with `fence` when its grant is no longer the newest.
 */
export interface Executor extends Service {
  /** Runs each workload as soon as a runner is free. Never blocks; a second grant of the same attempt replaces the first. */
  submit(workloads: readonly Workload[]): void;
  /**
   * Ends the attempt's whole process tree: abort signal, SIGTERM to its groups, `graceMs`, SIGKILL. `gone` follows in any case,
   * unless its outcome came first.
   */
  cancel(attemptId: number, grantNumber: number, reason: string, graceMs: number): void;
  /** The outcome is committed: the runner may forget it. */
  accept(attemptId: number, grantNumber: number): void;
  /** The report was refused: a newer grant exists. The runner stops without another word. */
  fence(attemptId: number, grantNumber: number): void;
  /**
   * Attempts of a scheduler that is gone: those still alive are taken over (their reports arrive like any other), the rest are
   * returned as lost. Called at each takeover of a DAG, also while others of its attempts run here.
   */
  adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]>;
  /** Limit on attempts that run here at once; 0 pauses. Follows the Variable `parallelism` live. */
  setConcurrency(limit: number): void;
  /** Gets a runner ready for a tick that is near. */
  preload(bundle: string, entry: string): void;
}

/** What an executor tells the scheduler. Each call only queues an event for the next turn. */
export interface ExecutorEvents {
  started(report: StartedReport): void;
  named(report: NamedReport): void;
  outcome(report: OutcomeReport): void;
  /** The process tree of an attempt is gone and no outcome came: cancelled (`cancelled`), or lost infrastructure. */
  gone(report: GoneReport): void;
  /** The attempt leads a process group, told before anything runs in it: whoever ends the attempt ends the group too. */
  group(attemptId: number, grantNumber: number, processGroup: number): void;
  /** A question of a running task; the answer goes back through the promise. */
  ask(question: TaskQuestion): Promise<unknown>;
}

export interface StartedReport {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** When it began, by the wall clock of the runner's machine. */
  readonly atMs: number;
  readonly runnerId: string;
  readonly host: string;
  readonly pid: number;
  readonly log: LogRange;
}

/** How people call the map index of an attempt. Its outcome says it once more. */
export interface NamedReport {
  readonly attemptId: number;
  readonly grantNumber: number;
  readonly renderedMapIndex: string;
}

export interface OutcomeReport extends Omit<Extract<RunnerMessage, { verb: 'outcome' }>, 'verb'> {
  readonly runnerId: string;
  readonly host: string;
  readonly pid: number;
}

export interface GoneReport {
  readonly attemptId: number;
  readonly grantNumber: number;
  readonly cancelled: boolean;
  /** In words: `killed by signal 9`, `runner exited with code 3`, `the machine was restarted`. */
  readonly reason: string;
  /** When that was seen, by the wall clock of the machine that saw it. */
  readonly atMs: number;
}

export type TaskQuestion = Extract<
  RunnerMessage,
  {
    verb:
      | 'state'
      | 'xcom'
      | 'asset_events'
      | 'post_asset_event'
      | 'trigger_run'
      | 'previous_success'
      | 'variable'
      | 'set_variable'
      | 'connection';
  }
>;

/** What is known of an attempt that another scheduler handed out. */
export interface AdoptableAttempt {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** Null: granted, but no start was recorded. */
  readonly runnerId: string | null;
  readonly processGroups: readonly number[];
}

/** `granted` tells whether it may have run at all: one that no runner acknowledged is granted again, uncounted. */
export interface LostAttempt {
  readonly attemptId: number;
  readonly grantNumber: number;
  readonly started: boolean;
  readonly reason: string;
}
