import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { DagDetail, Run, SerializedDag } from '../api/contract.ts';
import { queries } from '../api/queries.ts';

/**
 * The DAG as it was when a run ran: of the run's version, which is seldom another than today's, and of a run that is about some
 * tasks those alone. Null until it is known.
 */
export function useDefinitionOfRun(
  dag: DagDetail | undefined,
  run: Pick<Run, 'version' | 'taskIds'> | undefined,
): SerializedDag | null {
  const isOld = run !== undefined && dag !== undefined && dag.version !== run.version;
  const version = useQuery({ ...queries.version(dag?.dagId ?? '', run?.version ?? ''), enabled: isOld });
  const whole = (isOld ? version.data?.serialized : undefined) ?? dag?.serialized ?? null;
  const taskIds = run?.taskIds ?? null;
  return useMemo(() => (whole && taskIds ? partOf(whole, taskIds) : whole), [whole, taskIds]);
}

/** A DAG without the tasks that a run is not about: nobody waits for what will never start. */
export function partOf(dag: SerializedDag, taskIds: readonly string[]): SerializedDag {
  const kept = new Set(taskIds);
  return {
    ...dag,
    tasks: dag.tasks
      .filter(({ taskId }) => kept.has(taskId))
      .map((task) => ({ ...task, upstream: task.upstream.filter((up) => kept.has(up)) })),
  };
}
