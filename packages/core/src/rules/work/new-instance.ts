import type { GraphTask } from '../graph/dag-graph.ts';
import { mapSortOf } from '../graph/map-path.ts';
import type { InstanceWork, RunWork } from './work.ts';

/** An instance that has not begun. `key` is 0 until the commit that inserts it, or what was reserved for it. */
export function newInstance(run: RunWork, task: GraphTask, mapPath: string, key: number): InstanceWork {
  return {
    key,
    run,
    task,
    mapPath,
    mapSort: mapSortOf(mapPath),
    state: 'none',
    path: null,
    tryNumber: 0,
    infraNumber: 0,
    maxTries: task.spec.retries,
    clearNumber: 0,
    attempt: null,
    attemptId: null,
    grantNumber: 0,
    scheduledAt: null,
    queuedAt: null,
    begunAt: null,
    startDate: null,
    endDate: null,
    nextAt: null,
    targetState: null,
    reason: null,
    decision: null,
    renderedMapIndex: null,
    savedState: null,
    priorityWeight: null,
    occupied: null,
    inPool: null,
    scopes: [],
    groups: [],
    outputs: null,
    listLengths: null,
  };
}
