import { type SqlBool, sql } from 'kysely';
import type { Store } from '../store.ts';
import type { DagRunTable } from '../tables.ts';
import { deadlinesOfRuns } from './deadlines-of-runs.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { type RunArgs, runRow } from './run.ts';

/** A deadline of one run. Instants are milliseconds UTC. */
export interface RunDeadline {
  readonly dagId: string;
  readonly runId: string;
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  readonly dueAt: number;
  /** `waiting`: there is still time; `met`; `missed`: it passed, or its run has ended without it. */
  readonly state: 'waiting' | 'met' | 'missed';
  /** When that was noted and told of; null: nobody was, because it was not missed, its run ended too early for it, or no scheduler ran. */
  readonly missedAt: number | null;
  /** When what it is about was done well; null: it is not, or nobody knows any more because the run was cleared. */
  readonly doneAt: number | null;
}

/** A deadline that was missed, in whatever run. Instants are milliseconds UTC. */
export interface MissedDeadline {
  readonly dagId: string;
  readonly runId: string;
  readonly name: string;
  readonly taskId: string | null;
  readonly dueAt: number;
  readonly missedAt: number;
}

/** Most runs that are looked at for deadlines that are still to come, oldest first. */
const MAX_OPEN_RUNS = 1_000;

/** The deadlines of a run, earliest first, and what became of them. Throws NotFoundError. */
export async function listDeadlines(
  store: Store,
  args: RunArgs,
  now: number,
): Promise<readonly RunDeadline[]> {
  return listed(store, [await runRow(store, args)], now);
}

/** The deadlines of the runs that are queued or run, earliest first: those that are still to come, and what became of the others. */
export async function listOpenDeadlines(
  store: Store,
  args: { readonly dagId?: string | undefined; readonly now: number },
): Promise<readonly RunDeadline[]> {
  const { dagId } = args;
  const open = await store.db
    .selectFrom('dagRun')
    .selectAll()
    // As the partial index of open runs says it: parameters would prove nothing to the planner.
    .where(sql<SqlBool>`(state = 'queued' or state = 'running')`)
    .$if(dagId !== undefined, (query) => query.where('dagId', '=', dagId!))
    // The oldest, which are due first. Not by the key itself: a planner that follows it walks all of history.
    .orderBy(sql`key + 0`)
    .limit(MAX_OPEN_RUNS)
    .execute();
  return listed(store, open, args.now);
}

export interface ListMissedDeadlinesArgs extends PageArgs {
  readonly dagId?: string | undefined;
}

/** Deadlines that were missed, those of the newest runs first. */
export async function listMissedDeadlines(
  store: Store,
  args: ListMissedDeadlinesArgs = {},
): Promise<Page<MissedDeadline>> {
  const limit = pageLimit(args);
  const after = decodeCursor(args.cursor, ['number', 'string']);
  const { dagId } = args;
  const rows = await store.db
    .selectFrom('deadlineMiss')
    .innerJoin('dagRun', 'dagRun.key', 'deadlineMiss.runKey')
    .selectAll('deadlineMiss')
    .select('dagRun.runId')
    .$if(dagId !== undefined, (query) => query.where('deadlineMiss.dagId', '=', dagId!))
    .$if(after !== null, (query) =>
      query
        .where('deadlineMiss.runKey', '<=', after![0])
        .where((eb) =>
          eb.or([eb('deadlineMiss.runKey', '<', after![0]), eb('deadlineMiss.name', '<', after![1])]),
        ),
    )
    .orderBy('deadlineMiss.runKey', 'desc')
    .orderBy('deadlineMiss.name', 'desc')
    .limit(limit + 1)
    .execute();
  return pageOf(
    rows,
    limit,
    ({ runKey, name }) => [runKey, name],
    ({ runKey: _, ...miss }): MissedDeadline => miss,
  );
}

async function listed(
  store: Store,
  runs: readonly DagRunTable[],
  now: number,
): Promise<readonly RunDeadline[]> {
  const all = (await deadlinesOfRuns(store, runs, now)).map(
    ({ run, miss, name, taskId, state, latenessMs, dueAt }): RunDeadline => ({
      dagId: run.dagId,
      runId: run.runId,
      name,
      taskId,
      dueAt: miss?.dueAt ?? dueAt,
      state,
      missedAt: miss?.missedAt ?? null,
      doneAt: latenessMs === null ? null : dueAt + latenessMs,
    }),
  );
  return all.sort((a, b) => a.dueAt - b.dueAt);
}
