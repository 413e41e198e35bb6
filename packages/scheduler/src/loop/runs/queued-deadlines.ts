import { type Changes, passDeadline } from '@tsflow/core/rules';
import type { QueuedDeadline } from '../held/due-timers.ts';
import type { World } from '../held/world.ts';

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
