import type { ApiClient } from './api.ts';

/**
 * The command line's way into an installation. There is one contract, the REST API, and two ways to it: the database of this machine, in
 * whose process the same routes answer, or a server. A command is written once and does not know which.
 */
export interface Door extends AsyncDisposable {
  readonly api: ApiClient;
  /** Address of the server; null: the database of this machine. */
  readonly server: string | null;
  /** How long to leave between two looks at something that is followed. */
  readonly pollMs: number;
  /**
   * Sees to it that somebody carries out what is going to be waited for. On a machine without a running scheduler the command brings its
   * own, for this DAG alone and without ticks, and loads the dags folder first. A server has its own.
   */
  schedulerFor(dagId: string): Promise<SchedulerAtHand>;
}

/** Who carries out what a command waits for. Disposing of it stops one that came along. */
export interface SchedulerAtHand extends AsyncDisposable {
  /** `own`: there was none, so this command brought one along. */
  readonly is: 'running' | 'own';
  /** Rejects when the scheduler that came along can go on no longer: there is nothing to wait for. */
  readonly failed: Promise<never>;
}

/** A scheduler that is there whatever this command does. */
export const runningElsewhere: SchedulerAtHand = {
  is: 'running',
  failed: new Promise<never>(() => undefined),
  [Symbol.asyncDispose]: async () => undefined,
};
