import { type DeadlineOutcome, deadlineOutcome, deadlinesOf } from '../../rules/index.ts';
import { isRunFinished, type RunState } from '../../state/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable, DeadlineMissTable } from '../tables.ts';
import { serializedVersion } from './dag-facts.ts';
import { storedJson } from './stored-json.ts';
import { type EndedInstance, taskDoneAt } from './task-done.ts';

/** What became of one deadline of one run, and how that is known. Instants are milliseconds UTC. */
export interface DeadlineOfRun extends DeadlineOutcome {
  readonly run: DagRunTable;
  /** What was noted when it passed; null: nobody was told of it. */
  readonly miss: DeadlineMissTable | null;
}

/**
 * What became of the deadlines of runs, those that are due within `isAsked` alone: everything that shows a deadline reads it here. A run of
 * chosen tasks has none of the tasks that it leaves out. Each run is held against the deadlines of the version that it has.
 */
export async function deadlinesOfRuns(
  store: Store,
  runs: readonly DagRunTable[],
  now: number,
  isAsked: (dueAt: number) => boolean = () => true,
): Promise<readonly DeadlineOfRun[]> {
  const dags = new Map(
    await Promise.all(
      [...new Set(runs.map(({ version }) => version))].map(
        async (version) => [version, await serializedVersion(store, version)] as const,
      ),
    ),
  );
  const due = runs.flatMap((run) => {
    const dag = dags.get(run.version) ?? null;
    if (dag === null) return [];
    const chosen = storedJson<readonly string[]>(run.taskIds);
    return deadlinesOf(run, dag)
      .filter(({ deadline: { taskId } }) => taskId === null || chosen === null || chosen.includes(taskId))
      .filter(({ dueAt }) => isAsked(dueAt))
      .map((each) => ({ run, dag, ...each }));
  });
  const [misses, instances] = await Promise.all([
    missesOf(store, new Set(due.map(({ run }) => run.key))),
    instancesOf(
      store,
      new Set(due.flatMap(({ run, deadline }) => (deadline.taskId === null ? [] : run.key))),
    ),
  ]);
  return due.map(({ run, dag, deadline: { name, taskId }, dueAt }) => {
    const miss = misses.get(`${run.key} ${name}`) ?? null;
    const facts = {
      dueAt,
      doneAt: taskId === null ? doneWell(run) : taskDoneAt(dag, taskId, instances.get(run.key) ?? []),
      wasMissed: miss !== null,
      isRunOver: isRunFinished(run.state as RunState),
      wasCleared: run.clearNumber > 0,
    };
    const { dagId } = run;
    return { run, miss, dagId, name, taskId, timezone: dag.timezone, dueAt, ...deadlineOutcome(facts, now) };
  });
}

const doneWell = ({ state, endDate }: DagRunTable): number | null => (state === 'success' ? endDate : null);

async function missesOf(
  store: Store,
  runKeys: ReadonlySet<number>,
): Promise<ReadonlyMap<string, DeadlineMissTable>> {
  if (runKeys.size === 0) return new Map();
  const rows = await store.db
    .selectFrom('deadlineMiss')
    .selectAll()
    .where('runKey', 'in', [...runKeys])
    .execute();
  return new Map(rows.map((row) => [`${row.runKey} ${row.name}`, row]));
}

/** How the task instances of runs ended, by run. */
async function instancesOf(
  store: Store,
  runKeys: ReadonlySet<number>,
): Promise<ReadonlyMap<number, readonly EndedInstance[]>> {
  if (runKeys.size === 0) return new Map();
  const rows = await store.db
    .selectFrom('taskInstance')
    .select(['runKey', 'taskId', 'state', 'endDate'])
    .where('runKey', 'in', [...runKeys])
    .where('state', '!=', 'removed')
    .execute();
  const byRun = new Map<number, EndedInstance[]>();
  for (const row of rows) {
    const ofRun = byRun.get(row.runKey);
    if (ofRun === undefined) byRun.set(row.runKey, [row]);
    else ofRun.push(row);
  }
  return byRun;
}
