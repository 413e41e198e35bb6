import { sql } from 'kysely';
import type { RunState, RunType } from '../../state/index.ts';
import type { Store } from '../store.ts';

/** A run as a bar in a list of runs. Instants are milliseconds UTC. */
export interface RunBar {
  readonly key: number;
  readonly runId: string;
  readonly state: RunState;
  readonly runType: RunType;
  readonly logicalDate: number;
  readonly startDate: number | null;
  readonly endDate: number | null;
}

/** The columns of a {@link RunBar}, of the table (or alias) `dagRun`. */
export const RUN_BAR_COLUMNS = [
  'dagRun.key',
  'dagRun.runId',
  'dagRun.state',
  'dagRun.runType',
  'dagRun.logicalDate',
  'dagRun.startDate',
  'dagRun.endDate',
] as const;

interface RunBarRow extends Omit<RunBar, 'state' | 'runType'> {
  readonly state: string;
  readonly runType: string;
}

export function runBar(row: RunBarRow): RunBar {
  return {
    key: row.key,
    runId: row.runId,
    state: row.state as RunState,
    runType: row.runType as RunType,
    logicalDate: row.logicalDate,
    startDate: row.startDate,
    endDate: row.endDate,
  };
}

/**
 * The newest `count` runs (by logical date) of each of `dagIds`, oldest first. Costs `count` index entries a DAG, however long
 * its history is.
 */
export async function newestRunBars(
  store: Store,
  dagIds: readonly string[],
  count: number,
): Promise<ReadonlyMap<string, readonly RunBar[]>> {
  const bars = new Map<string, RunBar[]>(dagIds.map((dagId) => [dagId, []]));
  if (dagIds.length === 0) return bars;
  const rows = await (store.dialect === 'postgres'
    ? newestByLateral(store, dagIds, count)
    : newestByRowid(store, dagIds, count));
  for (const row of rows) bars.get(row.dagId)?.push(runBar(row));
  for (const list of bars.values()) {
    list.sort((a, b) => a.logicalDate - b.logicalDate || a.key - b.key);
  }
  return bars;
}

function newestByLateral(store: Store, dagIds: readonly string[], count: number) {
  return store.db
    .selectFrom('dag')
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('dagRun')
          .select(['dagRun.dagId', ...RUN_BAR_COLUMNS])
          .whereRef('dagRun.dagId', '=', 'dag.dagId')
          .orderBy('dagRun.logicalDate', 'desc')
          .orderBy('dagRun.key', 'desc')
          .limit(count)
          .as('dagRun'),
      (join) => join.on(sql<boolean>`true`),
    )
    .select(['dagRun.dagId', ...RUN_BAR_COLUMNS])
    .where('dag.dagId', 'in', dagIds)
    .execute();
}

/** Differs because SQLite has no LATERAL; it does look up `key IN (correlated subquery)` by index for each outer row. */
function newestByRowid(store: Store, dagIds: readonly string[], count: number) {
  return store.db
    .selectFrom('dag')
    .innerJoin('dagRun', (join) =>
      join.on((eb) =>
        eb(
          'dagRun.key',
          'in',
          eb
            .selectFrom('dagRun as newest')
            .select('newest.key')
            .whereRef('newest.dagId', '=', 'dag.dagId')
            .orderBy('newest.logicalDate', 'desc')
            .orderBy('newest.key', 'desc')
            .limit(count),
        ),
      ),
    )
    .select(['dagRun.dagId', ...RUN_BAR_COLUMNS])
    .where('dag.dagId', 'in', dagIds)
    .execute();
}
