import { attemptMembers, groupMembers, signalGroup, signalProcess } from '../../processes/process-table.ts';

/** How long after SIGKILL a process may need to disappear (it may be in the kernel, writing to a slow disk). */
const DISAPPEAR_MS = 2_000;
const LOOK_EVERY_MS = 10;

/** All processes that belong to an attempt: the groups that are known, and whoever carries its id. */
export interface ProcessTree {
  readonly attemptId: number;
  readonly groups: readonly number[];
}

/** Asks every process of the tree to end. */
export function terminateTree({ groups }: ProcessTree): void {
  for (const group of groups) signalGroup(group, 'SIGTERM');
}

/**
 * Kills every process of the tree, also those whose leader is gone and those that left their group, and resolves when none is left, or
 * after two seconds.
 */
export async function killTree({ attemptId, groups }: ProcessTree): Promise<void> {
  const end = performance.now() + DISAPPEAR_MS;
  for (;;) {
    for (const group of groups) signalGroup(group, 'SIGKILL');
    const strays = attemptMembers(attemptId);
    for (const pid of strays) signalProcess(pid, 'SIGKILL');
    if (strays.length === 0 && groups.every((group) => groupMembers(group).length === 0)) return;
    if (performance.now() > end) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
