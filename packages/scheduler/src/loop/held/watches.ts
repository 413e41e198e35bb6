import type { ExternalWait, Waiting } from '@tsflow/core/dag';
import type { Json } from '@tsflow/core/json';
import {
  type Changes,
  type DagWorkState,
  externalVerdict,
  type FoundStates,
  meansRun,
  meantRuns,
  type ResolvedRunWait,
  type RunWork,
  requestedEnd,
  runState,
  statesIn,
  taskStates,
} from '@tsflow/core/rules';
import { isFinished, isRunFinished } from '@tsflow/core/state';
import type { DagRunTable, Store } from '@tsflow/core/store';
import { meantRun } from './meant-run.ts';

/**
 * A wait of another DAG (or of this one) on runs or tasks of the DAG that a scheduler holds. It comes as an intent that was
 * committed with the wait itself, is looked at when it is applied and again at each end that concerns it, and the answer is an intent
 * to the waiting DAG in the commit of that end: no end between the two looks is missed.
 */
export interface Watch extends ExternalWait {
  /** It is on a run that was asked for: the answer says which one it is, and its failure is one of the try. */
  readonly requested?: true;
  readonly waiter: string;
  readonly attemptId: number;
  readonly grantNumber: number;
}

export interface WatchAnswer {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** Null: what was waited for has come. */
  readonly failed: string | null;
  /** What has come, where there is more to say. */
  readonly event?: Json;
  /** Whether another try may succeed where this one failed. Default false. */
  readonly mayRetry?: boolean;
}

/** What a look found, and in which run: the last one, of several. */
interface Verdict {
  readonly run: RunWork | DagRunTable | null;
  readonly failed: string | null;
}

/** The watches on the DAGs that a scheduler holds. */
export class Watches {
  readonly #store: Store;
  readonly #byDag = new Map<string, Map<string, Watch>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Reads the watches on a DAG from the waits that are stored, in place of those that are known. */
  async load(dagId: string): Promise<void> {
    this.#byDag.delete(dagId);
    const rows = await this.#store.turns.waitsForDag(dagId);
    for (const { attemptId, grantNumber, dagId: waiter, waiting } of rows) {
      const on = (JSON.parse(waiting!) as Waiting).deferral?.on;
      if (on?.kind === 'external') this.#add({ ...on, waiter, attemptId, grantNumber });
      if (on?.kind === 'run' && on.waitForCompletion)
        this.#add(this.ofRequest({ ...(on as ResolvedRunWait), waiter, attemptId, grantNumber }));
    }
  }

  forget(dagId: string): void {
    this.#byDag.delete(dagId);
  }

  /** The watch on a run that was asked for. */
  ofRequest(request: ResolvedRunWait & Pick<Watch, 'waiter' | 'attemptId' | 'grantNumber'>): Watch {
    const { waiter, attemptId, grantNumber } = request;
    return { ...requestedEnd(request), waiter, attemptId, grantNumber, requested: true };
  }

  /** Answers who waits. */
  tell(
    from: DagWorkState,
    { waiter, attemptId, grantNumber }: Pick<Watch, 'waiter' | 'attemptId' | 'grantNumber'>,
    told: Omit<WatchAnswer, 'attemptId' | 'grantNumber'>,
    changes: Changes,
  ): void {
    changes.sent.push({
      from,
      dagId: waiter,
      kind: 'watch_answer',
      payload: { attemptId, grantNumber, ...told } satisfies WatchAnswer,
      idempotencyKey: `watch_answer:${attemptId}:${grantNumber}`,
    });
  }

  /** A watch that was just asked for: answered at once if what it waits for is there. */
  async add(dag: DagWorkState, watch: Watch, changes: Changes): Promise<void> {
    this.#add(watch);
    await this.#look(dag, watch, changes);
  }

  /**
   * Answers the watches that the ends of this turn concern. An end costs the watches on its DAG a look into memory, and the database one
   * for a watch that it decides about; nothing for DAGs that nobody watches.
   */
  async answer(changes: Changes): Promise<void> {
    if (this.#byDag.size === 0) return;
    for (const [run, ends] of this.#endsOf(changes)) {
      for (const watch of [...(this.#byDag.get(run.dag.dagId)?.values() ?? [])])
        if (concerns(watch, ends) && meansRun(watch.which, run) && decides(watch, run))
          await this.#look(run.dag, watch, changes);
    }
  }

  /** What ended in this turn in DAGs that are watched. */
  #endsOf(changes: Changes): ReadonlyMap<RunWork, Ends> {
    const found = new Map<RunWork, Ends>();
    const endsOf = (run: RunWork): Ends => {
      const ends = found.get(run) ?? { isOver: false, taskIds: new Set<string>() };
      found.set(run, ends);
      return ends;
    };
    for (const run of changes.runs.keys())
      if (this.#isWatched(run) && isRunFinished(run.state)) endsOf(run).isOver = true;
    for (const { run, task, state } of changes.instances)
      if (this.#isWatched(run) && isFinished(state)) endsOf(run).taskIds.add(task.spec.taskId);
    return found;
  }

  #add(watch: Watch): void {
    const watches = this.#byDag.get(watch.dagId) ?? new Map<string, Watch>();
    watches.set(keyOf(watch), watch);
    this.#byDag.set(watch.dagId, watches);
  }

  #isWatched(run: RunWork): boolean {
    return this.#byDag.has(run.dag.dagId);
  }

  async #look(dag: DagWorkState, watch: Watch, changes: Changes): Promise<void> {
    const verdict = await this.#verdict(dag, watch, changes);
    if (verdict === 'wait') return;
    const watches = this.#byDag.get(dag.dagId);
    watches?.delete(keyOf(watch));
    if (watches?.size === 0) this.#byDag.delete(dag.dagId);
    const { run, failed } = verdict;
    const isRequested = watch.requested === true && run !== null;
    const event = isRequested ? { dagId: dag.dagId, runId: run.runId, state: run.state } : null;
    this.tell(dag, watch, { failed, ...(isRequested ? { event, mayRetry: true } : {}) }, changes);
  }

  async #verdict(dag: DagWorkState, watch: Watch, changes: Changes): Promise<'wait' | Verdict> {
    const runs = await Promise.all(
      meantRuns(watch.which).map((meant) => meantRun(this.#store, dag, meant, changes)),
    );
    const found: FoundStates[] = [];
    for (const run of runs) found.push(run === null ? [] : await this.#states(run, watch));
    const verdict = externalVerdict(watch, found);
    if (verdict.kind === 'wait') return 'wait';
    if (verdict.kind === 'passed') return { run: runs.at(-1) ?? null, failed: null };
    const run = runs[verdict.at]!;
    return { run, failed: `${verdict.name} of ${dag.dagId}, run ${run!.runId}, is ${verdict.state}` };
  }

  /** What is looked at of a run, with its states: the run itself, or its tasks. */
  async #states(run: RunWork | DagRunTable, { taskIds }: Watch): Promise<FoundStates> {
    if (taskIds === null) return [runState(run)];
    if (isInMemory(run)) return statesIn(run, taskIds);
    const rows = await this.#store.turns.taskInstances([run.key]);
    return taskStates(taskIds, (taskId) => rows.filter((row) => row.taskId === taskId));
  }
}

/** What ended of a run in one turn. */
interface Ends {
  isOver: boolean;
  readonly taskIds: Set<string>;
}

const concerns = ({ taskIds }: Watch, ends: Ends): boolean =>
  taskIds === null ? ends.isOver : taskIds.some((taskId) => ends.taskIds.has(taskId));

/**
 * Whether the ends in this run may be the last that a watch waits for, by what is in memory. When they are not, nothing can have changed for
 * it: either it means another run by now, or it still waits for this one.
 */
function decides(watch: Watch, run: RunWork): boolean {
  return externalVerdict(watch, [statesIn(run, watch.taskIds)]).kind !== 'wait';
}

const isInMemory = (run: RunWork | DagRunTable): run is RunWork => 'tasks' in run && run.tasks.length > 0;

const keyOf = ({ attemptId, grantNumber }: Watch): string => `${attemptId}:${grantNumber}`;
