import {
  type DeadlineOutcome,
  type DeadlineRow,
  deadlineOutcome,
  deadlineReport,
  deadlinesOf,
  type ReportPeriod,
} from '../../rules/index.ts';
import { isRunFinished, type RunState } from '../../state/index.ts';
import { zonedDay } from '../../timetables/index.ts';
import type { Store } from '../store.ts';
import type { DagRunTable } from '../tables.ts';
import { serializedVersion } from './dag-facts.ts';
import { type EndedInstance, taskDoneAt } from './task-done.ts';

export interface DeadlineReportArgs {
  /** Deadlines that were due from here ... */
  readonly from: number;
  /** ... until here, exclusive. Default: now. */
  readonly until?: number | undefined;
  readonly dagId?: string | undefined;
  /** Default `week`. */
  readonly by?: ReportPeriod | undefined;
}

/** A run may have been asked for this long before its deadline. */
const LONGEST_MS = 31 * 86_400_000;
/** Runs whose tasks are read at once. */
const CHUNK = 200;

/**
 * Which deadlines were kept over a stretch of time, and by how much: a row a DAG, deadline and period. Runs of a backfill promise nothing; each
 * run is held against the deadlines of the version that it has.
 */
export async function reportDeadlines(
  store: Store,
  { from, until, dagId, by = 'week' }: DeadlineReportArgs,
  now: number,
): Promise<readonly DeadlineRow[]> {
  const outcomes: DeadlineOutcome[] = [];
  const versions = new Map<string, Awaited<ReturnType<typeof serializedVersion>>>();
  let after = 0;
  for (;;) {
    const runs = await store.db
      .selectFrom('dagRun')
      .selectAll()
      .where('key', '>', after)
      .where('queuedAt', '>=', from - LONGEST_MS)
      .where('runType', '!=', 'backfill')
      .$if(dagId !== undefined, (query) => query.where('dagId', '=', dagId!))
      .orderBy('key')
      .limit(CHUNK)
      .execute();
    if (runs.length === 0) break;
    after = runs.at(-1)!.key;
    for (const { version } of runs)
      if (!versions.has(version)) versions.set(version, await serializedVersion(store, version));
    const due = runs.flatMap((run) => {
      const dag = versions.get(run.version) ?? null;
      if (dag === null) return [];
      return deadlinesOf(run, dag)
        .filter(({ dueAt }) => dueAt >= from && dueAt < (until ?? now))
        .map((each) => ({ run, timezone: dag.timezone, ...each }));
    });
    if (due.length === 0) continue;
    const done = await ends(
      store,
      due.map(({ run }) => run),
    );
    for (const { run, timezone, deadline, dueAt } of due) {
      const { name, taskId } = deadline;
      const facts = {
        dueAt,
        doneAt:
          taskId === null
            ? doneWell(run)
            : taskDoneAt(versions.get(run.version)!, taskId, done.instances.get(run.key) ?? []),
        wasMissed: done.missed.has(`${run.key} ${name}`),
        isRunOver: isRunFinished(run.state as RunState),
        wasCleared: run.clearNumber > 0,
      };
      outcomes.push({ dagId: run.dagId, name, taskId, timezone, dueAt, ...deadlineOutcome(facts, now) });
    }
  }
  return deadlineReport(outcomes, by, zonedDay);
}

const doneWell = ({ state, endDate }: DagRunTable): number | null => (state === 'success' ? endDate : null);

/** How the task instances of runs ended, and which deadlines somebody was told of. */
async function ends(store: Store, runs: readonly DagRunTable[]) {
  const keys = [...new Set(runs.map(({ key }) => key))];
  const [misses, rows] = await Promise.all([
    store.db.selectFrom('deadlineMiss').select(['runKey', 'name']).where('runKey', 'in', keys).execute(),
    store.db
      .selectFrom('taskInstance')
      .select(['runKey', 'taskId', 'state', 'endDate'])
      .where('runKey', 'in', keys)
      .where('state', '!=', 'removed')
      .execute(),
  ]);
  const instances = new Map<number, EndedInstance[]>();
  for (const row of rows) {
    const ofRun = instances.get(row.runKey);
    if (ofRun === undefined) instances.set(row.runKey, [row]);
    else ofRun.push(row);
  }
  return { instances, missed: new Set(misses.map(({ runKey, name }) => `${runKey} ${name}`)) };
}
