import type { SerializedDag } from '@tsflow/core/serialization';

/** An edge that changes nothing, because a longer way from `upstream` to `downstream` exists: the tasks in between. */
export interface RedundantEdge {
  readonly upstream: string;
  readonly downstream: string;
  /** The first task of the longer way. */
  readonly via: string;
}

/**
 * Finds edges that a longer way makes superfluous. Only between tasks that wait for all of their upstreams: under other trigger rules
 * an edge says something of its own, as does one that carries a value, or one of a branch, a setup or a teardown.
 *
 * `dag.tasks` is in topological order, so the ancestors of each task are known when it is reached: one bit set per task.
 */
export function redundantEdges(dag: SerializedDag): readonly RedundantEdge[] {
  const index = new Map(dag.tasks.map((task, i) => [task.taskId, i]));
  const ancestors: bigint[] = [];
  const found: RedundantEdge[] = [];
  for (const [i, task] of dag.tasks.entries()) {
    const direct = task.upstream.map((taskId) => index.get(taskId)!);
    ancestors[i] = direct.reduce((all, up) => all | ancestors[up]! | (1n << BigInt(up)), 0n);
    if (!waitsForAll(task)) continue;
    const carried = new Set(task.inputs.map((input) => input.taskId));
    for (const up of direct) {
      const upstream = dag.tasks[up]!;
      if (carried.has(upstream.taskId) || upstream.decides !== null || upstream.isSetup) continue;
      const bit = 1n << BigInt(up);
      const via = direct.find((other) => other !== up && (ancestors[other]! & bit) !== 0n);
      if (via === undefined || !waitsForAll(dag.tasks[via]!)) continue;
      found.push({ upstream: upstream.taskId, downstream: task.taskId, via: dag.tasks[via]!.taskId });
    }
  }
  return found;
}

function waitsForAll(task: SerializedDag['tasks'][number]): boolean {
  return task.triggerRule === 'all_success' && !task.isTeardown;
}
