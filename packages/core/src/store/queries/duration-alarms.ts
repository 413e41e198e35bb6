import { type SqlBool, sql } from 'kysely';
import { isAnomalous, overdueAfterMs, type UsualDuration, usualDuration } from '../../rules/index.ts';
import type { Store } from '../store.ts';

/** A run or a task that takes, or took, another time than it usually does. */
export interface DurationAlarm {
  /** `overdue`: it still runs, and should have ended; `anomalous_duration`: it ended well, after a time that is far off. */
  readonly kind: 'overdue' | 'anomalous_duration';
  /** The same whoever notices it. */
  readonly id: string;
  readonly dagId: string;
  readonly runId: string;
  /** Null: the run itself. */
  readonly taskId: string | null;
  readonly mapPath: string;
  /** How people call its map index; null: by its number. */
  readonly renderedMapIndex: string | null;
  readonly attemptId: number | null;
  /** So far, or in all. */
  readonly tookMs: number;
  readonly usual: UsualDuration;
}

/** Newest successful runs that say what is usual. */
const HISTORY = 50;
/** Of wide runs fewer are read: what is usual must not cost more than the runs themselves. */
const HISTORY_TASKS = 10_000;
/** What is usual of a DAG is read anew after this long: it changes with each run, and hardly. */
const KEEP_MS = 60_000;
/** Runs that ended this long before the first look are looked at too: nobody may have looked when they did. */
const LOOK_BACK_MS = 10 * 60_000;
const DAY_MS = 86_400_000;

interface Usual {
  readonly readAt: number;
  /** What each of its newest runs took, by key. */
  readonly runs: ReadonlyMap<number, number>;
  readonly tasks: ReadonlyMap<string, UsualDuration>;
}

/**
 * Notices runs and tasks that take longer than they usually do, and runs that ended after a time that is far off. It looks at what is open
 * and at what has ended since its last look; history is read once a minute for a DAG that has something open, never in a scheduler's
 * turn. What was cleared has no usual duration and is left out.
 */
export class DurationWatch {
  readonly #store: Store;
  readonly #usual = new Map<string, Usual>();
  /** Runs that were open at the last look; null: there was none. */
  #open: ReadonlySet<number> | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  async look(now: number): Promise<readonly DurationAlarm[]> {
    const open = await this.#openRuns();
    const ended = await this.#endedRuns(
      open.map(({ key }) => key),
      now,
    );
    const alarms: DurationAlarm[] = [];
    for (const run of open) {
      const usual = usualWithout((await this.#usualOf(run.dagId, now)).runs, run.key);
      const tookMs = now - run.startDate!;
      if (usual !== null && tookMs > overdueAfterMs(usual))
        alarms.push({ ...ofRun(run), kind: 'overdue', id: `overdue:${run.key}`, tookMs, usual });
    }
    for (const task of await this.#runningTasks(open.map(({ key }) => key))) {
      const usual = (await this.#usualOf(task.dagId, now)).tasks.get(task.taskId);
      const tookMs = now - task.startDate!;
      if (usual === undefined || tookMs <= overdueAfterMs(usual)) continue;
      const { dagId, runId, taskId, mapPath, renderedMapIndex, attemptId } = task;
      const id = `overdue:${task.runKey}:${taskId}:${mapPath}:${attemptId}`;
      const where = { dagId, runId, taskId, mapPath, renderedMapIndex, attemptId };
      alarms.push({ kind: 'overdue', id, ...where, tookMs, usual });
    }
    for (const run of ended) {
      const usual = usualWithout((await this.#usualOf(run.dagId, now)).runs, run.key);
      const tookMs = run.endDate! - run.startDate!;
      const id = `anomalous_duration:${run.key}`;
      if (usual !== null && isAnomalous(tookMs, usual))
        alarms.push({ ...ofRun(run), kind: 'anomalous_duration', id, tookMs, usual });
    }
    for (const [dagId, { readAt }] of this.#usual) if (now - readAt > KEEP_MS) this.#usual.delete(dagId);
    return alarms;
  }

  async #openRuns() {
    return (
      this.#store.db
        .selectFrom('dagRun')
        .select(['key', 'dagId', 'runId', 'startDate'])
        // Through the partial index of open runs, in its words.
        .where(sql<SqlBool>`(state = 'queued' or state = 'running')`)
        .where('state', '=', 'running')
        .where('startDate', 'is not', null)
        .where('clearNumber', '=', 0)
        .execute()
    );
  }

  async #endedRuns(open: readonly number[], now: number) {
    const before = this.#open;
    const current = new Set(open);
    this.#open = current;
    const gone = before === null ? null : [...before].filter((key) => !current.has(key));
    if (gone?.length === 0) return [];
    return this.#store.db
      .selectFrom('dagRun')
      .select(['key', 'dagId', 'runId', 'startDate', 'endDate'])
      .where('state', '=', 'success')
      .where('clearNumber', '=', 0)
      .where('setByHand', '=', 0)
      .where('startDate', 'is not', null)
      .where('endDate', 'is not', null)
      .$if(gone !== null, (query) => query.where('key', 'in', gone!))
      .$if(gone === null, (query) =>
        query.where('queuedAt', '>=', now - DAY_MS).where('endDate', '>=', now - LOOK_BACK_MS),
      )
      .execute();
  }

  async #runningTasks(runKeys: readonly number[]) {
    if (runKeys.length === 0) return [];
    return this.#store.db
      .selectFrom('taskInstance')
      .innerJoin('dagRun', 'dagRun.key', 'taskInstance.runKey')
      .select(['taskInstance.runKey', 'taskInstance.dagId', 'taskInstance.taskId', 'taskInstance.mapPath'])
      .select([
        'taskInstance.renderedMapIndex',
        'taskInstance.attemptId',
        'taskInstance.startDate',
        'dagRun.runId',
      ])
      .where('taskInstance.runKey', 'in', runKeys)
      .where('taskInstance.state', '=', 'running')
      .where('taskInstance.startDate', 'is not', null)
      .execute();
  }

  async #usualOf(dagId: string, now: number): Promise<Usual> {
    const known = this.#usual.get(dagId);
    if (known !== undefined && now - known.readAt <= KEEP_MS) return known;
    const runs = await this.#store.db
      .selectFrom('dagRun')
      .select(['key', 'startDate', 'endDate'])
      .where('dagId', '=', dagId)
      .where('state', '=', 'success')
      .where('clearNumber', '=', 0)
      .where('setByHand', '=', 0)
      .orderBy('key', 'desc')
      .limit(HISTORY)
      .execute();
    const usual = {
      readAt: now,
      runs: new Map(runs.flatMap((run) => durations([run]).map((tookMs) => [run.key, tookMs] as const))),
      tasks: await this.#usualTasks(runs.map(({ key }) => key)),
    };
    this.#usual.set(dagId, usual);
    return usual;
  }

  async #usualTasks(runKeys: readonly number[]): Promise<ReadonlyMap<string, UsualDuration>> {
    if (runKeys.length === 0) return new Map();
    const rows = await this.#store.db
      .selectFrom('taskInstance')
      .select(['taskId', 'startDate', 'endDate'])
      .where('runKey', 'in', runKeys)
      .where('state', '=', 'success')
      .orderBy('runKey', 'desc')
      .limit(HISTORY_TASKS)
      .execute();
    const byTask = new Map<string, (typeof rows)[number][]>();
    for (const row of rows) {
      const known = byTask.get(row.taskId);
      if (known === undefined) byTask.set(row.taskId, [row]);
      else known.push(row);
    }
    return new Map(
      [...byTask].flatMap(([taskId, of]) => {
        const usual = usualDuration(durations(of));
        return usual === null ? [] : [[taskId, usual] as const];
      }),
    );
  }
}

/** What a run is held against: the others, since it may have ended already. */
const usualWithout = (runs: ReadonlyMap<number, number>, key: number): UsualDuration | null =>
  usualDuration([...runs].flatMap(([other, tookMs]) => (other === key ? [] : [tookMs])));

function ofRun({ dagId, runId }: { readonly dagId: string; readonly runId: string }) {
  return { dagId, runId, taskId: null, mapPath: '', renderedMapIndex: null, attemptId: null };
}

function durations(rows: readonly { readonly startDate: number | null; readonly endDate: number | null }[]) {
  return rows.flatMap(({ startDate, endDate }) =>
    startDate === null || endDate === null ? [] : [endDate - startDate],
  );
}
