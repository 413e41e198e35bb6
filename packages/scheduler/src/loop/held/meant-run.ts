import { type Changes, type DagWorkState, type MeantRun, meantAmong, type RunWork } from '@tsflow/core/rules';
import type { DagRunTable, Store } from '@tsflow/core/store';

/** The run of a DAG that is meant, from memory when this turn knows more of it than the database; null: there is none yet. */
export async function meantRun(
  store: Store,
  dag: DagWorkState,
  meant: MeantRun,
  changes: Changes,
): Promise<RunWork | DagRunTable | null> {
  // What this very turn made, or changed, is not in the database yet.
  const known = [...new Set([...dag.runs.values(), ...changes.newRuns, ...changes.runs.keys()])].filter(
    (run) => run.dag === dag,
  );
  if ('runId' in meant) return meantAmong(meant, known) ?? (await store.turns.run(dag.dagId, meant.runId));
  const row = await store.turns.newestRunBetween(dag.dagId, meant.from, meant.to);
  const stored = row === null || known.some(({ key }) => key === row.key) ? [] : [row];
  return meantAmong<RunWork | DagRunTable>(meant, [...known, ...stored]);
}
