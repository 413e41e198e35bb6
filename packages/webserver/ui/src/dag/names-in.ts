import type { SerializedDag } from '../api/contract.ts';

/** What somebody may name in a DAG: its tasks, and its groups. */
export function namesIn(dag: SerializedDag | null | undefined): readonly string[] {
  return [
    ...(dag?.tasks ?? []).map(({ taskId }) => taskId),
    ...(dag?.groups ?? []).map(({ groupId }) => groupId),
  ];
}
