import { useQuery } from '@tanstack/react-query';
import type { DagDetail, SerializedDag } from '../api/contract.ts';
import { queries } from '../api/queries.ts';

/** The DAG as it was when a run ran: of the run's version, which is seldom another than today's. Null until it is known. */
export function useDefinitionOfRun(
  dag: DagDetail | undefined,
  runVersion: string | null | undefined,
): SerializedDag | null {
  const isOld = Boolean(runVersion) && dag !== undefined && dag.version !== runVersion;
  const version = useQuery({ ...queries.version(dag?.dagId ?? '', runVersion ?? ''), enabled: isOld });
  return (isOld ? version.data?.serialized : undefined) ?? dag?.serialized ?? null;
}
