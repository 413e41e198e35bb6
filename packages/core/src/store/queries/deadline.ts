import { type SqlBool, sql } from 'kysely';
import { deadlinesOf } from '../../rules/run/deadlines.ts';
import type { Store } from '../store.ts';
import type { DagRunTable } from '../tables.ts';
import { serializedVersion } from './dag-facts.ts';
import { decodeCursor, type Page, type PageArgs, pageLimit, pageOf } from './page.ts';
import { type RunArgs, runRow } from './run.ts';
import { taskDoneAt } from './task-done.ts';

/** A deadline of one run. Instants are milliseconds UTC. */
export interface RunDeadline {
  readonly dagId: string;
  readonly runId: string;
  readonly name: string;
  /** Null: the run. */
  readonly taskId: string | null;
  readonly dueAt: number;
  /** `waiting`: not there yet; `met`; `missed`. */
  readonly state: 'waiting' | 'met' | 'missed';
  readonly missedAt: number | null;
  /** When what it is about was done; null: it is not. */
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

/** Most runs that are looked at for deadlines that are still to come. */
const MAX_OPEN_RUNS = 1_000;

/** The deadlines of a run, earliest first, and what became of them. Throws NotFoundError. */
export async function listDeadlines(
  store: Store,
  args: RunArgs,
  now: number,
): Promise<readonly RunDeadline[]> {
  return deadlinesOfRuns(store, [await runRow(store, args)], now);
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
    .limit(MAX_OPEN_RUNS)
    .execute();
  return deadlinesOfRuns(store, open, args.now);
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

async function deadlinesOfRuns(
  store: Store,
  runs: readonly DagRunTable[],
  now: number,
): Promise<readonly RunDeadline[]> {
  const dags = new Map(
    await Promise.all(
      [...new Set(runs.map(({ version }) => version))].map(
        async (version) => [version, await serializedVersion(store, version)] as const,
      ),
    ),
  );
  const due = runs.flatMap((run) => {
    const dag = dags.get(run.version) ?? null;
    return dag === null ? [] : deadlinesOf(run, dag).map((each) => ({ run, ...each }));
  });
  if (due.length === 0) return [];
  const keys = [...new Set(due.map(({ run }) => run.key))];
  const ofTasks = [
    ...new Set(due.flatMap(({ run, deadline }) => (deadline.taskId === null ? [] : [run.key]))),
  ];
  const [misses, tasks] = await Promise.all([
    store.db.selectFrom('deadlineMiss').selectAll().where('runKey', 'in', keys).execute(),
    ofTasks.length === 0 ? [] : store.turns.taskInstances(ofTasks),
  ]);
  const missed = new Map(misses.map((miss) => [`${miss.runKey} ${miss.name}`, miss]));
  const doneAt = (run: DagRunTable, taskId: string | null): number | null => {
    if (taskId === null) return run.endDate;
    const instances = tasks.filter(({ runKey }) => runKey === run.key);
    return taskDoneAt(dags.get(run.version)!, taskId, instances);
  };
  const all = due.map(({ run, deadline: { name, taskId }, dueAt }): RunDeadline => {
    const miss = missed.get(`${run.key} ${name}`);
    const done = doneAt(run, taskId);
    const state = miss !== undefined ? 'missed' : done === null && dueAt > now ? 'waiting' : 'met';
    return {
      dagId: run.dagId,
      runId: run.runId,
      name,
      taskId,
      dueAt: miss?.dueAt ?? dueAt,
      state,
      missedAt: miss?.missedAt ?? null,
      doneAt: done,
    };
  });
  return all.sort((a, b) => a.dueAt - b.dueAt);
}
