import { hostname } from 'node:os';
import { errorMessage } from '@tsflow/core/errors';
import {
  allInstancesOf,
  type Changes,
  type DagWorkState,
  grantTrigger,
  type InstanceWork,
  instancesOf,
  regrant,
} from '@tsflow/core/rules';
import type { Executor } from '../../executors/executor.ts';
import type { Admission } from '../grants/grants.ts';
import type { LoadedVersion } from '../held/version-cache.ts';
import type { World } from '../held/world.ts';
import type { Inbox } from '../inbox/inbox.ts';
import { regrantCallback } from '../news/callback-stage.ts';
import { planTicks } from '../runs/tick-stage.ts';

const MAX_DAGS_PER_ACQUIRE = 500;

export interface DagIntakeOptions {
  readonly world: World;
  readonly schedulerId: string;
  readonly executor: Executor;
  readonly inbox: Inbox;
  /** The only DAGs that it takes. Default: all. */
  readonly onlyDags: readonly string[] | undefined;
  /** Called with a claim that no runner took: it is granted again as soon as the lease and the DAG allow it. */
  regrant(admission: Admission): void;
}

/**
 * Which DAGs a scheduler holds: takes those that nobody holds, with what their last holder left running, gives some back when it
 * has more than its share, and follows their definitions.
 */
export class DagIntake {
  readonly #world: World;
  readonly #schedulerId: string;
  readonly #executor: Executor;
  readonly #inbox: Inbox;
  readonly #onlyDags: readonly string[] | undefined;
  readonly #regrant: (admission: Admission) => void;
  /** Whether leases may be held here of DAGs whose working state is not. */
  #isInDoubt = false;
  /** Definitions that changed before this instant are known here, as they are. */
  #seenDefinitions = 0;
  /** Versions that could not be read: said once, tried again at each look. */
  readonly #unreadable = new Set<string>();

  constructor({ world, schedulerId, executor, inbox, onlyDags, regrant }: DagIntakeOptions) {
    this.#world = world;
    this.#schedulerId = schedulerId;
    this.#executor = executor;
    this.#inbox = inbox;
    this.#onlyDags = onlyDags;
    this.#regrant = regrant;
  }

  /**
   * A turn failed: throws the working state of these DAGs away. The next {@link acquire} gives back every lease without one and takes it
   * anew, also those that were taken when the turn failed, or whose reply was lost.
   */
  drop(dagIds: Iterable<string>): void {
    for (const dagId of dagIds) this.#world.held.drop(dagId);
    this.#isInDoubt = true;
  }

  /** Takes DAGs that nobody holds, loads them, and looks after what their last holder left running. */
  async acquire(changes: Changes): Promise<void> {
    const { store } = this.#world;
    if (this.#isInDoubt) {
      await this.#giveBackUnknown();
      await this.#world.limits.loadUse();
      this.#isInDoubt = false;
    }
    const room = await this.#fairShare();
    if (room <= 0) return;
    const most = Math.min(room, MAX_DAGS_PER_ACQUIRE);
    const taken = await store.leases.acquire(this.#schedulerId, most, this.#onlyDags);
    const dagIds = taken.map(({ dagId }) => dagId);
    try {
      await this.#load(dagIds, changes);
    } catch (error) {
      this.drop(dagIds);
      throw error;
    }
    // The others in turns of their own: those beat, so that thousands of DAGs do not cost the lease that is to hold them.
    if (taken.length === most) this.#inbox.hint('leases');
  }

  async #load(dagIds: readonly string[], changes: Changes): Promise<void> {
    const { held } = this.#world;
    const loaded: DagWorkState[] = [];
    for (const dagId of dagIds) {
      const dag = await held.load(dagId);
      if (dag !== null) loaded.push(dag);
    }
    await this.#adopt(loaded, changes);
    for (const dag of loaded) waitAgain(dag, changes);
    for (const dag of loaded) {
      await planTicks(this.#world, dag, changes);
      changes.roomInDags.add(dag);
    }
  }

  async #giveBackUnknown(): Promise<void> {
    const { held, store } = this.#world;
    const rows = await store.db
      .selectFrom('dag')
      .select('dagId')
      .where('holder', '=', this.#schedulerId)
      .execute();
    const unknown = rows.map(({ dagId }) => dagId).filter((dagId) => !held.dags.has(dagId));
    await store.leases.release(this.#schedulerId, unknown);
  }

  /** DAGs whose definition changed since the last look: newest version, stale or not. */
  async adoptVersions(changes: Changes): Promise<void> {
    const { held, store, versions } = this.#world;
    const rows = await store.db
      .selectFrom('dag')
      .select(['dagId', 'currentVersion', 'isStale', 'definedAt'])
      .where('holder', '=', this.#schedulerId)
      .where('definedAt', '>=', this.#seenDefinitions)
      .orderBy('definedAt')
      .execute();
    let isBehind = false;
    for (const row of rows) {
      const dag = held.dags.get(row.dagId);
      const { currentVersion } = row;
      if (dag === undefined || currentVersion === null) continue;
      const isStale = row.isStale === 1;
      // A file that was read again without an edit may know more runs of its custom timetable.
      const isRenewed = await versions.refreshHorizon(currentVersion);
      const loaded =
        dag.graph.version === currentVersion && dag.isStale === isStale && !isRenewed
          ? 'as before'
          : await this.#readable(row.dagId, currentVersion);
      // Behind it nothing counts as seen, so that it is tried again; what comes after it is adopted all the same.
      isBehind ||= loaded === null;
      if (loaded !== null && loaded !== 'as before') await this.#adoptVersion(dag, loaded, isStale, changes);
      if (!isBehind) this.#seenDefinitions = row.definedAt;
    }
  }

  async #adoptVersion(
    dag: DagWorkState,
    { graph, number }: LoadedVersion,
    isStale: boolean,
    changes: Changes,
  ): Promise<void> {
    if (dag.graph.version !== graph.version) {
      const data = { version: graph.version, number };
      changes.event({ type: 'dag_version', dagId: dag.dagId, data });
    }
    dag.graph = graph;
    dag.isStale = isStale;
    await planTicks(this.#world, dag, changes);
    this.#world.held.ready.openDag(dag.dagId);
    changes.roomInDags.add(dag);
  }

  /** Null: it cannot be read, of which the log tells. Other DAGs must not wait for it. */
  async #readable(dagId: string, version: string): Promise<LoadedVersion | null> {
    const { logger, versions } = this.#world;
    try {
      const loaded = await versions.ensure(version);
      this.#unreadable.delete(version);
      return loaded;
    } catch (error) {
      if (!this.#unreadable.has(version))
        logger.error('The new version of a DAG cannot be read; it goes on as it was.', {
          dagId,
          version,
          error: errorMessage(error),
        });
      this.#unreadable.add(version);
      return null;
    }
  }

  /**
   * How many more DAGs this scheduler may take, so that all living ones hold about as many. One that holds more than its share
   * gives idle DAGs back, for a scheduler that came later.
   */
  async #fairShare(): Promise<number> {
    const { held, store } = this.#world;
    if (!store.allowsSeveralSchedulers) return Number.POSITIVE_INFINITY;
    const schedulers = (await store.leases.living()).length;
    const { dags } = await store.db
      .selectFrom('dag')
      .select(({ fn }) => fn.countAll<number>().as('dags'))
      .executeTakeFirstOrThrow();
    const share = Math.ceil(Number(dags) / Math.max(1, schedulers));
    const surplus = held.dags.size - share;
    if (surplus <= 0) return -surplus;
    const idle = [...held.dags.values()].filter(isIdle);
    const given = idle.slice(0, surplus).map(({ dagId }) => dagId);
    for (const dagId of given) held.drop(dagId);
    if (given.length > 0) await store.leases.release(this.#schedulerId, given);
    return 0;
  }

  /** Callbacks of another life of the scheduler: those that no runner of this machine is at are handed out again. */
  async #adoptCallbacks(dags: readonly DagWorkState[], changes: Changes): Promise<void> {
    const { callbacks } = this.#world.held;
    const open = [...callbacks.values()].filter(({ dag }) => dags.includes(dag));
    if (open.length === 0) return;
    const lost = await this.#executor.adopt(
      open.map(({ key, grantNumber }) => {
        return { attemptId: key, grantNumber, runnerId: null, processGroups: [] };
      }),
    );
    for (const { attemptId } of lost) regrantCallback(callbacks.get(attemptId)!, changes);
  }

  /** Attempts that were handed out by another life of the scheduler: taken over where they live, lost where they do not. */
  async #adopt(dags: readonly DagWorkState[], changes: Changes): Promise<void> {
    await this.#adoptCallbacks(dags, changes);
    const active = dags
      .flatMap((dag) => [...dag.runs.values()].flatMap((run) => [...allInstancesOf(run)]))
      .filter(mayRunHere);
    if (active.length === 0) return;
    const lost = await this.#executor.adopt(
      active.map(({ attempt }) => ({
        attemptId: attempt!.attemptId,
        grantNumber: attempt!.grantNumber,
        runnerId: attempt!.runnerId,
        processGroups: attempt!.processGroups,
      })),
    );
    const lostIds = new Set(lost.map((loss) => loss.attemptId));
    for (const loss of lost) {
      const instance = this.#world.held.instanceOf(loss.attemptId)!;
      if (!loss.started && instance.state === 'queued') {
        regrant(instance, changes);
        this.#regrant({ instance, attempt: instance.attempt! });
      } else {
        const { attemptId, grantNumber, reason } = loss;
        const report = { attemptId, grantNumber, reason, cancelled: false, atMs: this.#world.clock.now() };
        this.#inbox.report({ kind: 'gone', report });
      }
    }
    for (const instance of active) {
      const { attemptId, state } = instance.attempt!;
      if (instance.state !== 'restarting' || state === 'on_kill' || lostIds.has(attemptId)) continue;
      changes.cancels.push({
        instance,
        attempt: instance.attempt!,
        reason: instance.reason ?? 'ended from outside',
      });
    }
  }
}

/** Triggers live no longer than the scheduler that handed them out: deferred attempts get theirs anew. */
function waitAgain(dag: DagWorkState, changes: Changes): void {
  for (const run of dag.runs.values()) {
    for (const instance of instancesOf(run)) {
      const on = instance.state === 'deferred' ? instance.attempt?.waiting?.deferral?.on : undefined;
      if (on?.kind === 'trigger') grantTrigger(instance, changes);
    }
  }
}

/** Attempts that run on another machine are its own supervisor's business; an `onKill` is owed wherever the attempt ran. */
function mayRunHere({ attempt, state }: InstanceWork): boolean {
  if (attempt === null) return false;
  if (attempt.state !== 'on_kill' && attempt.host !== null && attempt.host !== hostname()) return false;
  return state === 'queued' || state === 'running' || state === 'restarting';
}

function isIdle({ runs, queuedRuns }: DagWorkState): boolean {
  return runs.size === 0 && [...queuedRuns.values()].every((count) => count === 0);
}
