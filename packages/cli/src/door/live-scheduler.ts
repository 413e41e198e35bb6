import { hostname } from 'node:os';
import type { SchedulerTable } from '@tsflow/core/store';
import { bootId, isAlive } from '@tsflow/scheduler/processes';

/**
 * Whether a scheduler lives, as far as can be told from here: its beat is recent and, where its pid means something, it is that very process, not a
 * later one of the same pid.
 */
export function seemsAlive(
  row: Pick<SchedulerTable, 'host' | 'bootId' | 'pid' | 'pidStart' | 'beatAt'>,
  now: number,
  leaseMs: number,
): boolean {
  if (now - row.beatAt >= leaseMs) return false;
  const isOfThisMachine = row.host === hostname() && row.bootId === bootId();
  return !isOfThisMachine || isAlive(row);
}
