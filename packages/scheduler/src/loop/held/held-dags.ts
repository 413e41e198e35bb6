import type { Clock } from '@tsflow/core/clock';
import {
  allInstancesOf,
  type CallbackWork,
  type Changes,
  type DagGraph,
  type DagWorkState,
  type DueDeadline,
  deadlinesOf,
  type InstanceWork,
  instancesOf,
  isPending,
  isWithinPast,
  pastRun,
  ReadyQueue,
  type RunDue,
  type RunWork,
  resumePastWaits,
} from '@tsflow/core/rules';
import {
  type DagRunTable,
  loadLists,
  restoreCallback,
  restoreDag,
  restoreInstances,
  restoreRun,
  type Store,
} from '@tsflow/core/store';
import { AssetWaits } from './asset-waits.ts';
import { type DueTimer, DueTimers } from './due-timers.ts';
import type { VersionCache } from './version-cache.ts';
import { Watches } from './watches.ts';

const ONE_DAY_MS = 86_400_000;
/** Deadlines of a DAG that was taken over are known again for this many of its queued runs, oldest first. */
const MAX_WATCHED_RUNS = 1_000;

/** What deadlines need to know of a run. */
type WaitingRun = RunDue & Pick<RunWork, 'runId' | 'clearNumber'>;

/**
 * The DAGs whose lease this scheduler holds, and the indexes over their working state: what is ready, what is due when, whose
 * attempt a report is about. All of it can be thrown away and rebuilt from the database, DAG by DAG.
 */
export class HeldDags {
  readonly dags = new Map<string, DagWorkState>();
  /** DAGs with a tick that is due and no room for its run. */
  readonly overdue = new Set<DagWorkState>();
  /**
   * DAGs that the next turn looks at again: those with runs that the last turn queued or changed (in the database they are by now what
   * they are), and those in which room appeared after it had given room away.
   */
  readonly lookAgain = new Set<DagWorkState>();
  /** Callbacks that are committed and not delivered, by key. */
  readonly callbacks = new Map<number, CallbackWork>();
  readonly watches: Watches;
  readonly assetWaits = new AssetWaits();
  readonly ready = new ReadyQueue();
  readonly timers = new DueTimers();
  readonly #attempts = new Map<number, InstanceWork>();
  readonly #store: Store;
  readonly #now: () => number;
  readonly #versions: VersionCache;
  readonly #maxMapLength: number;

  constructor(store: Store, versions: VersionCache, clock: Pick<Clock, 'now'>, maxMapLength: number) {
    this.#store = store;
    this.#now = () => clock.now();
    this.watches = new Watches(store);
    this.#versions = versions;
    this.#maxMapLength = maxMapLength;
  }

  dag(dagId: string): DagWorkState {
    const dag = this.dags.get(dagId);
    if (dag === undefined) throw new Error(`DAG ${dagId} is not held by this scheduler.`);
    return dag;
  }

  /** The instance that an attempt belongs to, if it is active here. */
  instanceOf(attemptId: number): InstanceWork | undefined {
    return this.#attempts.get(attemptId);
  }

  indexAttempt(attemptId: number, instance: InstanceWork): void {
    this.#attempts.set(attemptId, instance);
  }

  forgetAttempt(attemptId: number): void {
    this.#attempts.delete(attemptId);
  }

  *instances(): Iterable<InstanceWork> {
    for (const dag of this.dags.values()) for (const run of dag.runs.values()) yield* allInstancesOf(run);
  }

  /** Reads a DAG's working state from the database, in place of what was known of it. Null: it has no usable version. */
  async load(dagId: string): Promise<DagWorkState | null> {
    this.drop(dagId);
    const work = await this.#store.turns.load(dagId);
    if (work === null || work.dag.currentVersion === null) return null;
    // That of an open attempt is not its run's when that was cleared while it ran.
    const rows = [...work.activeRuns, ...work.attempts.filter(({ endDate }) => endDate === null)];
    const versions = new Set([work.dag.currentVersion, ...rows.map(({ version }) => version)]);
    for (const version of versions) await this.#versions.ensure(version);
    const dag = restoreDag(work, (version) => this.#versions.get(version).graph, this.#maxMapLength);
    this.dags.set(dagId, dag);
    for (const row of work.callbacks) this.callbacks.set(row.key, restoreCallback(dag, row));
    await this.watches.load(dagId);
    await this.#watchQueued(dag);
    for (const run of dag.runs.values()) {
      await loadLists(this.#store, run);
      await this.linkPast(run);
      resumePastWaits(run);
      this.indexRun(run);
    }
    return dag;
  }

  /** Puts what a run's instances wait for into the indexes: attempts, due times, the ready queue. */
  indexRun(run: RunWork): void {
    for (const instance of allInstancesOf(run)) {
      if (instance.attempt !== null) this.#attempts.set(instance.attempt.attemptId, instance);
      if (instance.state === 'scheduled') this.ready.add(instance);
      if (instance.nextAt !== null) this.timers.set({ kind: 'instance', at: instance.nextAt, instance });
      this.assetWaits.add(instance);
    }
    this.indexTimeout(run);
  }

  /** What becomes due while the run goes on: its time limit, its deadlines. */
  indexTimeout(run: RunWork): void {
    const timeout = run.graph.dag.dagRunTimeoutMs;
    if (timeout !== null && run.startDate !== null)
      this.timers.set({ kind: 'time_limit', at: run.startDate + timeout, run });
    for (const deadline of this.#deadlinesToKeep(run, run.graph))
      this.timers.set({ kind: 'deadline', at: deadline.dueAt, run, deadline });
  }

  /** The same for a run that waits for room. */
  indexQueued(dag: DagWorkState, run: WaitingRun, graph: DagGraph): void {
    for (const deadline of this.#deadlinesToKeep(run, graph))
      this.timers.set({ kind: 'queued_deadline', at: deadline.dueAt, dag, runId: run.runId, deadline });
  }

  /** Not what was over when somebody cleared the run, or long before a catch-up made it. */
  #deadlinesToKeep(run: WaitingRun, graph: DagGraph): readonly DueDeadline[] {
    return deadlinesOf(run, graph.dag).filter(({ dueAt }) => {
      const isCaughtUp = dueAt <= run.queuedAt - ONE_DAY_MS;
      const isCleared = run.clearNumber > 0 && dueAt <= this.#now();
      return !isCaughtUp && !isCleared;
    });
  }

  async #watchQueued(dag: DagWorkState): Promise<void> {
    if (dag.graph.dag.deadlines === undefined || (dag.queuedRuns.get(null) ?? 0) === 0) return;
    for (const row of await this.#store.turns.queuedRuns(dag.dagId, null, MAX_WATCHED_RUNS))
      this.indexQueued(dag, row, (await this.#versions.ensure(row.version)).graph);
  }

  /** A run that is not in memory, out of its rows: one copy a turn, known to the runs that wait for it. */
  async restore(dag: DagWorkState, row: DagRunTable, changes: Changes): Promise<RunWork> {
    const known = changes.restored.get(row.key);
    if (known !== undefined) return known;
    const { graph } = await this.#versions.ensure(row.version);
    const run = restoreRun(dag, row, graph);
    // A run that never started has none, unless it was cleared and waits for its place.
    const isNew = row.startDate === null && row.clearNumber === 0;
    const tasks = isNew ? [] : await this.#store.turns.taskInstances([row.key]);
    if (tasks.length > 0) {
      const attempts = await this.#store.turns.newestAttempts(row.key);
      const groupTries = await this.#store.turns.groupTries([row.key]);
      restoreInstances(
        run,
        tasks,
        new Map(attempts.map((attempt) => [attempt.attemptId, attempt])),
        groupTries,
      );
    }
    await loadLists(this.#store, run);
    if (graph.dag.deadlines !== undefined)
      for (const { name } of await this.#store.turns.deadlinesMissed([row.key]))
        run.deadlinesMissed.add(name);
    linkFollowers(run);
    changes.restored.set(row.key, run);
    return run;
  }

  /**
   * Finds the run before this one, for tasks that depend on their past, and makes itself known to the runs after it. Runs of this
   * very turn are in memory only, older ones perhaps only in the database.
   *
   * @param changes what the turn did so far, of which the database does not know yet
   */
  async linkPast(run: RunWork, changes?: Changes): Promise<void> {
    const { slot, dag } = run;
    if (!run.graph.hasPastDependency || slot === null) return;
    linkFollowers(run);
    const row = await this.#store.turns.previousRun(dag.dagId, slot);
    const backfillFrom = await this.#startOfBackfill(run);
    let previous: RunWork | null = null;
    for (const other of dag.runs.values()) {
      if (other.slot === null || other.slot >= slot || other.slot < (row?.slot ?? other.slot)) continue;
      if (previous === null || other.slot > previous.slot!) previous = other;
    }
    previous ??= changes?.restored.get(row?.key ?? -1) ?? null;
    if (!isWithinPast(previous?.slot ?? row?.slot ?? slot, backfillFrom)) return;
    if (previous !== null) {
      run.past = pastRun(
        previous,
        previous.graph,
        [...instancesOf(previous)].map(({ task, mapPath, state }) => ({
          taskId: task.spec.taskId,
          mapPath,
          state,
        })),
      );
      previous.followers.add(run);
    } else if (row !== null) {
      const rows = await this.#store.turns.taskInstances([row.key]);
      const { graph } = await this.#versions.ensure(row.version);
      run.past = pastRun(
        row,
        restoreRun(dag, row, graph).graph,
        rows.map(({ taskId, mapPath, state }) => ({
          taskId,
          mapPath,
          state: state as InstanceWork['state'],
        })),
      );
    }
  }

  async #startOfBackfill({ dag, backfillKey }: RunWork): Promise<number | null> {
    if (backfillKey === null) return null;
    const known = dag.backfills.get(backfillKey);
    if (known !== undefined) return known.fromDate;
    // It is over, and the run was cleared or outlived it.
    const row = await this.#store.db
      .selectFrom('backfill')
      .select('fromDate')
      .where('key', '=', backfillKey)
      .executeTakeFirst();
    return row?.fromDate ?? null;
  }

  /** Takes a run out of memory that runs no more. */
  forgetRun(run: RunWork): void {
    run.dag.runs.delete(run.key);
    this.timers.forget(run);
    this.assetWaits.forgetRun(run);
  }

  /** Lets go of versions that no DAG and no run under way is of, once there are many. Between two turns only. */
  releaseVersions(): void {
    if (!this.#versions.isCrowded) return;
    const inUse = new Set<string>();
    for (const { graph, runs } of this.dags.values()) {
      inUse.add(graph.version);
      for (const run of runs.values()) inUse.add(run.graph.version);
    }
    this.#versions.keep(inUse);
  }

  drop(dagId: string): void {
    const dag = this.dags.get(dagId);
    if (dag === undefined) return;
    for (const run of dag.runs.values()) {
      for (const { attempt } of allInstancesOf(run))
        if (attempt !== null) this.#attempts.delete(attempt.attemptId);
      this.timers.forget(run);
      this.assetWaits.forgetRun(run);
    }
    this.timers.forget(dag);
    for (const [key, callback] of this.callbacks) if (callback.dag === dag) this.callbacks.delete(key);
    this.overdue.delete(dag);
    this.lookAgain.delete(dag);
    this.ready.forgetDag(dagId);
    this.watches.forget(dagId);
    this.dags.delete(dagId);
  }

  /** Whether a timer still means something: what it was set for is still held and still waits for this instant. */
  isDue(timer: DueTimer): boolean {
    switch (timer.kind) {
      case 'instance':
        return timer.instance.nextAt === timer.at && this.#holds(timer.instance.run);
      case 'queued_deadline':
      case 'preload':
        return this.dags.get(timer.dag.dagId) === timer.dag;
      case 'deadline':
        return this.#holds(timer.run) && isPending(timer.run, timer.deadline.deadline);
      case 'time_limit':
        return isOutOfTime(timer.run, timer.at) && this.#holds(timer.run);
      case 'late':
        return this.overdue.has(timer.dag);
      case 'tick':
        return timer.dag.nextTick === timer.at && this.dags.get(timer.dag.dagId) === timer.dag;
    }
  }

  /** The earliest instant at which a timer that still counts is due; null: there is none. */
  nextDue(): number | null {
    for (let timer = this.timers.peek(); timer !== undefined; timer = this.timers.peek()) {
      if (this.isDue(timer)) return timer.at;
      this.timers.pop();
    }
    return null;
  }

  #holds(run: RunWork): boolean {
    return this.dags.get(run.dag.dagId) === run.dag && run.dag.runs.get(run.key) === run;
  }
}

/** Its start, or its limit, may be another one than when the timer was set: it was cleared since. */
function isOutOfTime({ state, startDate, graph }: RunWork, at: number): boolean {
  const limit = graph.dag.dagRunTimeoutMs;
  return state === 'running' && startDate !== null && limit !== null && startDate + limit <= at;
}

/** Makes a run known to those in memory that wait for it. */
function linkFollowers(run: RunWork): void {
  for (const other of run.dag.runs.values()) {
    if (other.past?.runKey === run.key) run.followers.add(other);
  }
}
