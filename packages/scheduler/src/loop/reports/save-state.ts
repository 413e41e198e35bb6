import type { InstanceWork } from '@tsflow/core/rules';
import type { World } from '../held/world.ts';
import type { SavedReport } from '../inbox/report.ts';

/**
 * Keeps what a running attempt saves before a side effect, in a statement of its own, since the task waits for it. False: the DAG is no
 * longer held here, or the grant is not the newest, and nothing was kept.
 */
export async function saveState(
  { store }: World,
  instance: InstanceWork,
  { attemptId, grantNumber, savedState }: SavedReport,
): Promise<boolean> {
  const { dagId, epoch } = instance.run.dag;
  if (!(await store.turns.saveState({ dagId, epoch, attemptId, grantNumber, savedState }))) return false;
  if (instance.attempt?.attemptId === attemptId) instance.attempt.savedState = savedState;
  return true;
}
