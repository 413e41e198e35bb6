import { type Changes, type DagWorkState, type DueDeadline, passDeadline } from '@tsflow/core/rules';
import type { World } from './world.ts';

/** A deadline of a run that has not begun: the run has no memory here, so it is looked up when the instant has come. */
export interface QueuedDeadline {
  readonly dag: DagWorkState;
  readonly runId: string;
  readonly deadline: DueDeadline;
}

/** Deadlines of a DAG that was taken over are known again for this many of its queued runs, oldest first. */
export const MAX_WATCHED_RUNS = 1_000;

/** Notes what is late while its run still waits for room: the day that is stuck behind yesterday's is late too. */
export async function passQueuedDeadlines(
  { store, held }: World,
  due: readonly QueuedDeadline[],
  changes: Changes,
): Promise<void> {
  for (const { dag, runId, deadline } of due) {
    const row = await store.turns.run(dag.dagId, runId);
    // It began, and has a timer of its own; or it was ended by hand.
    if (row?.state !== 'queued' || dag.runs.has(row.key)) continue;
    passDeadline(await held.restore(dag, row, changes), deadline, changes);
  }
}
