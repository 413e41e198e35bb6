import { NotFoundError } from '../../errors.ts';
import {
  buildDagGraph,
  type DagGraph,
  type DagWorkState,
  isWithinPast,
  type PastRun,
  pastRun,
  type RunWork,
} from '../../rules/index.ts';
import type { SerializedDag } from '../../serialization/index.ts';
import type { TaskState } from '../../state/index.ts';
import { dagRow } from '../queries/dag-row.ts';
import { emptyDag, restoreInstances, restoreRun } from '../restore-dag.ts';
import type { Store } from '../store.ts';
import type { AttemptTable, DagTable } from '../tables.ts';

/** A preview expands nothing. */
const MAX_MAP_LENGTH = Number.POSITIVE_INFINITY;

/** A DAG at its newest version, as a preview sees it: read only, of one moment. */
export interface DagSnapshot {
  readonly row: DagTable;
  readonly dag: DagWorkState;
  readonly graph: DagGraph;
  readonly versionNumber: number;
}

/** Throws {@link NotFoundError} when there is no such DAG, or none of its versions ever loaded. */
export async function dagSnapshot(store: Store, dagId: string): Promise<DagSnapshot> {
  const row = await dagRow(store, dagId);
  if (row.currentVersion === null) throw new NotFoundError('version of DAG', dagId, 'It was never loaded.');
  const { graph, number } = await versionGraph(store, row.currentVersion);
  return { row, dag: emptyDag(row, graph, MAX_MAP_LENGTH), graph, versionNumber: number };
}

/** A run with its instances, whatever its state. */
export async function runSnapshot(store: Store, dag: DagWorkState, runId: string): Promise<RunWork> {
  const row = await store.turns.run(dag.dagId, runId);
  if (row === null)
    throw new NotFoundError(`Run of ${dag.dagId}`, runId, `"tsflow runs list ${dag.dagId}" shows them.`);
  const { graph } = await versionGraph(store, row.version);
  const run = restoreRun(dag, row, graph);
  const tasks = await store.turns.taskInstances([row.key]);
  const attempts = new Map<number, AttemptTable>();
  for (const task of tasks) {
    if (task.attemptId === null || (task.state !== 'running' && task.state !== 'queued')) continue;
    const attempt = await store.turns.attempt(task.attemptId);
    if (attempt !== null) attempts.set(attempt.attemptId, attempt);
  }
  if (tasks.length > 0) restoreInstances(run, tasks, attempts, await store.turns.groupTries([row.key]));
  return run;
}

/** The run before, as tasks of `run` that depend on their past see it at this moment; null: there is none that they look at. */
export async function pastSnapshot(store: Store, run: RunWork): Promise<PastRun | null> {
  const { slot, dag, graph } = run;
  if (!graph.hasPastDependency || slot === null) return null;
  const row = await store.turns.previousRun(dag.dagId, slot);
  if (row === null || !isWithinPast(row.slot!, await startOfBackfill(store, run))) return null;
  const previous = await versionGraph(store, row.version);
  const tasks = await store.turns.taskInstances([row.key]);
  return pastRun(
    row,
    restoreRun(dag, row, previous.graph).graph,
    tasks.map(({ taskId, mapPath, state }) => ({ taskId, mapPath, state: state as TaskState })),
  );
}

async function startOfBackfill({ db }: Store, { backfillKey }: RunWork): Promise<number | null> {
  if (backfillKey === null) return null;
  const row = await db
    .selectFrom('backfill')
    .select('fromDate')
    .where('key', '=', backfillKey)
    .executeTakeFirst();
  return row?.fromDate ?? null;
}

async function versionGraph(store: Store, version: string): Promise<{ graph: DagGraph; number: number }> {
  const row = await store.catalog.version(version);
  if (row === null) throw new NotFoundError('DAG version', version);
  return { graph: buildDagGraph(JSON.parse(row.serialized) as SerializedDag, version), number: row.number };
}
