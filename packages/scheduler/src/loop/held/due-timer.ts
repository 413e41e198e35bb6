import type { DagWorkState, DueDeadline, InstanceWork, RunWork } from '@tsflow/core/rules';

/** Something that is due at an instant. Entries go stale instead of being removed: `isDue` says whether one still counts. */
export interface DueTimer {
  readonly at: number;
  readonly instance?: InstanceWork;
  readonly dag?: DagWorkState;
  readonly run?: RunWork;
  /** A deadline of `run` is here. */
  readonly deadline?: DueDeadline;
  readonly queued?: QueuedDeadline;
  /** A deadline of its tick that waits for room is here. */
  readonly late?: DagWorkState;
  /** Its next tick is near: runners load its code ahead of it. */
  readonly preload?: DagWorkState;
}

/** The DAG that a timer is about. */
export function timedDag({ instance, run, queued, dag, late, preload }: DueTimer): DagWorkState {
  return instance?.run.dag ?? run?.dag ?? queued?.dag ?? dag ?? late ?? preload!;
}

/** A deadline of a run that has not begun: the run has no memory here, so it is looked up when the instant has come. */
export interface QueuedDeadline {
  readonly dag: DagWorkState;
  readonly runId: string;
  readonly deadline: DueDeadline;
}
