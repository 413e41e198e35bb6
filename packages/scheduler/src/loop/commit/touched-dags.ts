import type { Changes } from '@tsflow/core/rules';

/** The DAGs of whose working state a turn changed anything. */
export function touchedDags(changes: Changes): Set<string> {
  const dags = new Set<string>();
  for (const instance of changes.instances) dags.add(instance.run.dag.dagId);
  for (const instance of changes.newInstances) dags.add(instance.run.dag.dagId);
  for (const run of changes.runs.keys()) dags.add(run.dag.dagId);
  for (const run of changes.newRuns) dags.add(run.dag.dagId);
  for (const dag of changes.dags.keys()) dags.add(dag.dagId);
  for (const dag of changes.backfills.values()) dags.add(dag.dagId);
  for (const instance of changes.attempts.values()) dags.add(instance.run.dag.dagId);
  for (const dag of changes.roomInDags) dags.add(dag.dagId);
  for (const { run } of changes.groups) dags.add(run.dag.dagId);
  for (const dag of changes.servedDags) dags.add(dag.dagId);
  for (const { run } of changes.deadlinesMissed) dags.add(run.dag.dagId);
  for (const { dag } of changes.assetArrivals.values()) dags.add(dag.dagId);
  for (const { callback } of changes.callbacks) dags.add(callback.dag.dagId);
  return dags;
}
