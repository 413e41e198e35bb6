import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import { ConflictError, errorMessage, TsflowError } from '@tsflow/core/errors';
import { failpoint } from '@tsflow/core/failpoint';
import { timeOutRun } from '@tsflow/core/intents';
import type { Logger } from '@tsflow/core/logger';
import {
  admitInstance,
  beginWait,
  Changes,
  type DagWorkState,
  type InstanceWork,
  isWait,
  passDeadline,
  timeCame,
} from '@tsflow/core/rules';
import type { Service } from '@tsflow/core/service';
import {
  ConnectionVault,
  ContentRefusedError,
  type DecidedIntent,
  KeyFile,
  type Store,
  type Turn,
  type TurnResult,
} from '@tsflow/core/store';
import type { Executor, ExecutorEvents, OutcomeReport } from '../executors/executor.ts';
import { identityOf } from '../processes/process-table.ts';
import { createAssetRuns, fileAssetEvents } from './assets/asset-stage.ts';
import { Suspects } from './commit/suspects.ts';
import { turnEffects } from './commit/turn-effects.ts';
import type { Admission, Ungrantable } from './grants/grants.ts';
import { PendingGrants } from './grants/pending-grants.ts';
import { type QueuedDeadline, timedDag } from './held/due-timer.ts';
import { HeldDags } from './held/held-dags.ts';
import { KeyBlock } from './held/key-block.ts';
import { LiveLimits } from './held/live-limits.ts';
import { VersionCache } from './held/version-cache.ts';
import type { World } from './held/world.ts';
import { Inbox } from './inbox/inbox.ts';
import type { Report } from './inbox/report.ts';
import { applyIntents } from './intents/intent-stage.ts';
import { refuseUnknownDags } from './intents/run-requests.ts';
import { DagIntake } from './leases/dag-intake.ts';
import { LeaseKeeper } from './leases/lease-keeper.ts';
import { fileAlerts } from './news/alert-stage.ts';
import { fileCallbacks } from './news/callback-stage.ts';
import { answerQuestion } from './questions/answer-question.ts';
import { Decisions } from './questions/decisions.ts';
import { applyReports, asFailure, BrokenReportError, type ReportAnswers } from './reports/report-stage.ts';
import { passQueuedDeadlines } from './runs/queued-deadlines.ts';
import { startRuns } from './runs/run-stage.ts';
import { createDueRuns } from './runs/tick-stage.ts';

/** Reports that one turn handles: latency first, batches form by themselves. */
const MAX_REPORTS_PER_TURN = 512;
/** New grants that one turn admits. */
const MAX_ADMISSIONS_PER_TURN = 512;
/** Safety net for lost pings and notifications. */
const POLL_MS = 1_000;
const MAX_INTENTS_PER_TURN = 64;

export interface SchedulerOptions {
  readonly store: Store;
  readonly config: Config;
  readonly logger: Logger;
  /** Builds the executor; its reports go to `events`. */
  readonly executor: (events: ExecutorEvents, schedulerId: string) => Executor;
  readonly clock?: Clock;
  readonly random?: () => string;
  /** Path of the socket on which this scheduler can be pinged, for its row. */
  readonly socketPath?: string | null;
  /** Where tasks' connections come from. Default: the environment, then the store. */
  readonly connections?: World['connections'];
  /** False: creates no scheduled runs. For a scheduler inside one command. */
  readonly ticks?: boolean;
  /** The only DAGs that it takes. Default: all. */
  readonly onlyDags?: readonly string[];
  /** Told of each decided intent, so that who waits for it is answered. */
  readonly onIntentDecided?: (intentId: number) => void;
  /**
   * Told each time there is nothing left to do at this moment, with the instant at which something is due by the clock (null: nothing
   * is). Attempts may be running. What moves a virtual clock goes by it.
   */
  readonly onIdle?: (nextDue: number | null) => void;
}

/**
 * The scheduler: holds DAG leases, and turns what happens (reports, due times, what people ask for) into committed decisions and
 * grants. A turn is: gather, decide (pure, `core/rules`), one transaction, then grant and answer.
 */
export class Scheduler implements Service {
  readonly id: string;
  /** Called when it can go on no longer (it was fenced): the process should end. */
  onFatal: (error: Error) => void = () => undefined;
  readonly #options: SchedulerOptions;
  readonly #world: World;
  readonly #inbox: Inbox;
  readonly #decisions: Decisions;
  readonly #lease: LeaseKeeper;
  readonly #executor: Executor;
  readonly #intake: DagIntake;
  readonly #pending: PendingGrants;
  readonly #suspects = new Suspects();
  readonly #logger: Logger;
  readonly #clock: Clock;
  #turn = 0;
  #failures = 0;
  #lastTurnMs = 0;
  #stopping = false;
  #draining = false;
  #running: Promise<void> | null = null;
  #lastPoll = Number.NEGATIVE_INFINITY;
  readonly #ticksDue = new Set<DagWorkState>();
  /** DAGs whose timers this turn took: should it fail, they are set anew. */
  readonly #woken = new Set<string>();
  #intentsHinted = false;
  /** What was warned of since the limits changed. */
  readonly #warnings = new Set<string>();
  #unlisten: (() => Promise<void>)[] = [];

  constructor(options: SchedulerOptions) {
    const { store, config, logger } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#logger = logger;
    this.id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const versions = new VersionCache(store);
    this.#world = {
      store,
      clock: this.#clock,
      logger,
      config,
      held: new HeldDags(store, versions, this.#clock, config.maxMapLength),
      limits: new LiveLimits(store, this.#clock),
      versions,
      keys: new KeyBlock(store),
      connections: options.connections ?? new ConnectionVault(store, new KeyFile(config.home), process.env),
      random: options.random ?? (() => randomBytes(4).toString('hex')),
      brokenIntents: new Map(),
      ticks: options.ticks ?? true,
    };
    this.#inbox = new Inbox(this.#clock);
    this.#decisions = new Decisions(store, this.#clock, () => this.#inbox.hint('intents'));
    this.#lease = new LeaseKeeper(store, this.#clock, logger, this.id, config);
    this.#executor = options.executor(this.#executorEvents(), this.id);
    this.#pending = new PendingGrants(this.#world, this.#lease, (ungrantable) =>
      this.#inbox.report({ kind: 'outcome', report: this.#failureOf(ungrantable) }),
    );
    this.#intake = new DagIntake({
      world: this.#world,
      schedulerId: this.id,
      executor: this.#executor,
      inbox: this.#inbox,
      onlyDags: options.onlyDags,
      regrant: (admission) => this.#pending.add(admission),
    });
  }

  async start(): Promise<void> {
    const { store } = this.#world;
    const { socketPath = null } = this.#options;
    await store.leases.register({
      id: this.id,
      ...identityOf(process.pid),
      startedAt: this.#clock.now(),
      socketPath,
    });
    await this.#lease.beat();
    if (!store.allowsSeveralSchedulers) await this.#retirePredecessors();
    await this.#world.limits.refresh();
    await store.turns.auditCounters();
    await this.#world.limits.loadUse();
    await this.#executor.start();
    this.#executor.setConcurrency(this.#world.limits.parallelism);
    this.#unlisten = [
      await store.listen('tsflow_intent', () => this.#inbox.hint('intents')),
      await store.listen('tsflow_wake', () => {
        this.#inbox.hint('variables');
        this.#inbox.hint('versions');
      }),
    ];
    for (const hint of ['leases', 'intents', 'versions'] as const) this.#inbox.hint(hint);
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#running ?? undefined;
    this.#stopping = true;
    this.#inbox.wake();
    await this.#running;
    for (const unlisten of this.#unlisten) await unlisten();
    await this.#executor.stop();
    await this.#world.store.leases.release(this.id, [...this.#world.held.dags.keys()]);
    const row = (await this.#world.store.leases.living()).find((scheduler) => scheduler.id === this.id);
    if (row !== undefined) await this.#world.store.leases.retire(this.id, row.beat, this.#clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Starts nothing more; resolves when nothing runs, or after `graceMs`. What still runs then stays adoptable. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    const deadline = this.#clock.monotonic() + graceMs;
    const isBusy = () => this.#world.limits.used > 0 || this.#world.held.callbacks.size > 0;
    while (isBusy() && this.#clock.monotonic() < deadline && !this.#stopping) {
      await new Promise<void>((resolve) => this.#clock.setTimer(50, resolve));
    }
  }

  /** A hint from outside: intents, Variables or versions changed. */
  ping(reason: 'intents' | 'variables' | 'versions'): void {
    this.#inbox.hint(reason);
  }

  // --- the loop -------------------------------------------------------------------------------------------------------------

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      const started = this.#clock.monotonic();
      const again = await this.#turnOrRecover();
      this.#lastTurnMs = this.#clock.monotonic() - started;
      if (this.#stopping) return;
      // Reads the sockets before the next turn, so that what came meanwhile is one batch.
      if (again) await new Promise<void>((resolve) => setImmediate(resolve));
      else await this.#sleep();
    }
  }

  async #sleep(): Promise<void> {
    const ms = this.#sleepMs();
    if (ms > 0 && !this.#inbox.isAwake) this.#options.onIdle?.(this.#world.held.nextDue());
    await this.#inbox.sleep(ms);
  }

  #sleepMs(): number {
    const timer = this.#world.held.timers.peek();
    const now = this.#clock.now();
    const untilPoll = POLL_MS - (this.#clock.monotonic() - this.#lastPoll);
    return Math.max(0, Math.min(timer === undefined ? POLL_MS : timer.at - now, untilPoll));
  }

  /** One turn; whatever goes wrong in it, the working state of what it touched is read anew and the loop goes on. */
  async #turnOrRecover(): Promise<boolean> {
    const reports = this.#inbox.takeReports(this.#suspects.beginTurn(MAX_REPORTS_PER_TURN));
    const changes = new Changes(this.#clock.now());
    try {
      const worked = await this.#takeTurn(reports, changes);
      this.#failures = 0;
      return worked;
    } catch (error) {
      await this.#recover(error, reports, changes);
      return false;
    }
  }

  async #takeTurn(reports: readonly Report[], changes: Changes): Promise<boolean> {
    const { held, limits } = this.#world;
    limits.beginTurn(changes);
    this.#woken.clear();
    for (const dag of held.lookAgain) changes.roomInDags.add(dag);
    held.lookAgain.clear();
    const answers: ReportAnswers = { accept: [], fence: [] };
    const intentsDecided: { dagId: string; intent: DecidedIntent }[] = [];

    await this.#housekeeping(changes);
    await applyReports(this.#world, reports, answers, changes);
    await passQueuedDeadlines(this.#world, this.#applyTimers(changes), changes);
    await this.#applyPendingIntents(reports.length, answers, intentsDecided, changes);
    await refuseUnknownDags(this.#world, changes);
    // A Variable that was set before an intent was asked for counts for the runs that it starts.
    if (this.#inbox.takeHint('variables')) await this.#refreshLimits(changes);
    await createDueRuns(this.#world, this.#dagsWithTicks(changes), changes);
    await createAssetRuns(this.#world, changes);
    await startRuns(this.#world, changes);
    for (const dag of dagsWithChanges(changes)) held.ready.openDag(dag.dagId);
    for (const [pool, delta] of [...changes.slots, ...changes.slotsWithDeferred])
      if (delta < 0) held.ready.openPool(pool);
    for (const [key, delta] of changes.keys) if (delta < 0) held.ready.openKey(key);
    await this.#makeReady(changes);
    const admitted = await this.#admit(changes);
    // A run may have ended since its DAG was looked at: one of tasks that need no process.
    for (const dag of changes.roomInDags) held.lookAgain.add(dag);
    for (const problem of this.#world.limits.newProblems()) this.#logger.warn(problem);
    await held.watches.answer(changes);
    await fileCallbacks(this.#world, changes);
    await fileAssetEvents(this.#world, changes);

    const result = await this.#commit(changes, intentsDecided);
    if (result === null) {
      this.#answer(answers);
      // Nothing new, but perhaps what an earlier turn could not hand out.
      await this.#pending.handOut(admitted, this.#executor);
      return false;
    }
    if (result.status === 'counters_refused') throw new CountersRefused(result.counters);
    if (result.status === 'fenced') throw new SchedulerFencedError(this.id);
    await this.#afterCommit(result, changes, answers, admitted, intentsDecided);
    return true;
  }

  // --- gather ---------------------------------------------------------------------------------------------------------------

  /** What is due by the clock rather than by an event: the beat, the poll, new DAGs, changed Variables. */
  async #housekeeping(changes: Changes): Promise<void> {
    const hints = this.#inbox.takeHints();
    if (this.#lease.beatDue && !(await this.#lease.beat())) throw new SchedulerFencedError(this.id);
    if (this.#clock.monotonic() - this.#lastPoll >= POLL_MS) {
      this.#lastPoll = this.#clock.monotonic();
      for (const hint of ['intents', 'variables', 'versions', 'leases'] as const) hints.add(hint);
    }
    if (hints.has('variables')) {
      await this.#refreshLimits(changes);
      await this.#learnUse();
    }
    if (hints.has('leases') || hints.has('versions')) await this.#acquire(changes);
    if (hints.has('versions')) await this.#intake.adoptVersions(changes);
    this.#intentsHinted = hints.has('intents');
  }

  async #acquire(changes: Changes): Promise<void> {
    if (this.#world.store.allowsSeveralSchedulers) await this.#lease.retireExpired();
    await this.#intake.acquire(changes);
  }

  async #refreshLimits(changes: Changes): Promise<void> {
    const { held, limits } = this.#world;
    if (!(await limits.refresh())) return;
    held.ready.openAll();
    this.#warnings.clear();
    for (const dag of held.dags.values()) changes.roomInDags.add(dag);
    this.#executor.setConcurrency(limits.parallelism);
  }

  /** Another scheduler may have given back slots for which something waits here. */
  async #learnUse(): Promise<void> {
    const { held, limits, store } = this.#world;
    if (!store.allowsSeveralSchedulers || !held.ready.isWaiting) return;
    if (await limits.loadUse()) held.ready.openAll();
  }

  /** Returns deadlines of runs that may still be queued: only the database knows. */
  #applyTimers(changes: Changes): readonly QueuedDeadline[] {
    const { held } = this.#world;
    const ofQueued: QueuedDeadline[] = [];
    this.#ticksDue.clear();
    for (
      let timer = held.timers.peek();
      timer !== undefined && timer.at <= changes.now;
      timer = held.timers.peek()
    ) {
      held.timers.pop();
      if (!held.isDue(timer)) continue;
      this.#woken.add(timedDag(timer).dagId);
      if (timer.instance !== undefined) timeCame(timer.instance, changes);
      else if (timer.queued !== undefined) ofQueued.push(timer.queued);
      else if (timer.deadline !== undefined) passDeadline(timer.run!, timer.deadline, changes);
      else if (timer.run !== undefined) timeOutRun(timer.run, changes);
      else if (timer.dag !== undefined) this.#ticksDue.add(timer.dag);
      else if (timer.late !== undefined) this.#ticksDue.add(timer.late);
      else if (timer.preload !== undefined) this.#preload(timer.preload);
    }
    return ofQueued;
  }

  #preload({ graph }: DagWorkState): void {
    const { bundle, entry } = this.#world.versions.get(graph.version);
    this.#executor.preload(bundle, entry);
  }

  /** DAGs whose tick is due now, and those that had no room before and have some now. */
  #dagsWithTicks(changes: Changes): Set<DagWorkState> {
    const dags = new Set(this.#ticksDue);
    for (const dag of changes.roomInDags) if (this.#world.held.overdue.has(dag)) dags.add(dag);
    return dags;
  }

  async #applyPendingIntents(
    reports: number,
    answers: ReportAnswers,
    decided: { dagId: string; intent: DecidedIntent }[],
    changes: Changes,
  ): Promise<void> {
    if (!this.#intentsHinted) return;
    const { held, store } = this.#world;
    const limit = this.#suspects.intentLimit(reports, MAX_INTENTS_PER_TURN);
    const rows = limit === 0 ? [] : await store.intents.pending([...held.dags.keys()], limit);
    this.#suspects.took(rows);
    await applyIntents(this.#world, rows, answers, decided, changes);
    if (rows.length === limit) this.#inbox.hint('intents');
  }

  /** Warns once, until limits change, of what waits for a pool that can never let it in as it is. */
  #warnIfTooLarge(instance: InstanceWork): void {
    const problem = this.#world.limits.tooLargeForPool(instance);
    if (problem === null || this.#warnings.has(problem)) return;
    this.#warnings.add(problem);
    this.#logger.warn(problem);
  }

  // --- decide who may run ---------------------------------------------------------------------------------------------------

  /** Waits begin at once, since they take no slot, and may decide about others at once; the rest goes to the queue. */
  async #makeReady(changes: Changes): Promise<void> {
    const { held, keys } = this.#world;
    // Grows while it is worked off.
    for (const instance of changes.ready) {
      if (!isWait(instance) || instance.run.dag.isPaused) {
        held.ready.add(instance);
      } else if (instance.state === 'scheduled') {
        await keys.ensure(1);
        beginWait(instance, keys.take, changes);
      }
    }
  }

  async #admit(changes: Changes): Promise<Admission[]> {
    const { held, limits, keys } = this.#world;
    for (const granted of [...changes.onKills, ...changes.triggers]) this.#pending.add(granted);
    if (this.#draining || !this.#lease.mayGrant) return [];
    const admitted = this.#pending.due();
    // A Variable that was set while this turn decided counts for what it admits.
    if (this.#inbox.takeHint('variables')) await this.#refreshLimits(changes);
    await keys.ensure(MAX_ADMISSIONS_PER_TURN);
    const room = () => limits.parallelismRoom;
    const onAdmit = (instance: InstanceWork) => {
      const attempt = admitInstance(instance, keys.take, changes);
      if (attempt !== null) admitted.push({ instance, attempt });
      for (const ready of changes.ready.splice(0)) if (ready.state === 'scheduled') held.ready.add(ready);
    };
    for (const instance of changes.ready.splice(0)) this.#warnIfTooLarge(instance);
    const count = held.ready.admit(limits, room, onAdmit, MAX_ADMISSIONS_PER_TURN);
    if (count === MAX_ADMISSIONS_PER_TURN) this.#inbox.wake();
    return admitted;
  }

  // --- commit ---------------------------------------------------------------------------------------------------------------

  /** Null: the turn changed nothing. */
  async #commit(
    changes: Changes,
    intentsDecided: readonly { dagId: string; intent: DecidedIntent }[],
  ): Promise<TurnResult | null> {
    const { held, keys, limits, store } = this.#world;
    const unnumbered = [...changes.newInstances].filter(({ key }) => key === 0);
    await keys.ensure(unnumbered.length);
    for (const instance of unnumbered) instance.key = keys.take();
    const alerts = await fileAlerts(this.#world, changes);
    const dags = turnEffects(changes, { intentsDecided, intentsSent: [], alerts }, (dagId) =>
      held.dag(dagId),
    );
    if (dags.length === 0) return null;
    const turn: Turn = {
      schedulerId: this.id,
      turn: this.#turn,
      turnMs: Math.round(this.#lastTurnMs),
      counters: limits.counterChanges(changes),
      dags,
    };
    failpoint('before-commit');
    const result = await store.turns.commit(turn);
    failpoint('after-commit');
    if (result.status === 'committed') this.#turn += 1;
    return result;
  }

  async #afterCommit(
    result: Extract<TurnResult, { status: 'committed' }>,
    changes: Changes,
    answers: ReportAnswers,
    admitted: readonly Admission[],
    intentsDecided: readonly { dagId: string; intent: DecidedIntent }[],
  ): Promise<void> {
    const { held, limits } = this.#world;
    limits.committed(result.counters);
    for (const dagId of result.lostDags) held.drop(dagId);
    for (const instance of changes.instances) instance.path = null;
    for (const instance of changes.newInstances) instance.path = null;
    for (const attempt of changes.attempts.keys()) attempt.storedGrant = attempt.grantNumber;
    for (const instance of changes.waiting) {
      // It may have been ended from outside in the turn in which it began to wait.
      if (instance.nextAt !== null) held.timers.push({ at: instance.nextAt, instance });
    }
    // Also one that ended and was cleared at once: a queued run costs no memory, and starts out of the database.
    for (const run of changes.runs.keys()) if (run.state !== 'running') held.forgetRun(run);
    for (const { instance, attempt } of admitted) held.indexAttempt(attempt.attemptId, instance);
    // Waits that were begun here have an attempt that nobody was handed.
    for (const { instance, attempt } of changes.newAttempts)
      if (instance.attempt === attempt) held.indexAttempt(attempt.attemptId, instance);
    if (changes.sent.length > 0) this.#inbox.hint('intents');
    for (const { attempt } of changes.endedAttempts) held.forgetAttempt(attempt.attemptId);
    for (const callback of changes.newCallbacks) this.#pending.addCallback(callback);
    for (const { callback, state } of changes.callbacks)
      if (state === 'pending') this.#pending.addCallback(callback);
    const lost = new Set(result.lostDags);
    const stayed = ({ dagId }: { readonly dagId: string | null }) => dagId === null || !lost.has(dagId);
    this.#answer({ accept: answers.accept.filter(stayed), fence: answers.fence.filter(stayed) });
    const { killGraceMs } = this.#world.config;
    for (const { instance, attempt, reason } of changes.cancels) {
      if (lost.has(instance.run.dag.dagId)) continue;
      this.#executor.cancel(attempt.attemptId, attempt.grantNumber, reason, killGraceMs);
    }
    for (const { instance, attemptId, grantNumber } of changes.fences) {
      if (!lost.has(instance.run.dag.dagId)) this.#executor.fence(attemptId, grantNumber);
    }
    failpoint('after-accept');
    const granted = admitted.filter(({ instance }) => !lost.has(instance.run.dag.dagId));
    await this.#pending.handOut(granted, this.#executor);
    for (const { dagId, intent } of intentsDecided) {
      if (lost.has(dagId)) continue;
      this.#decisions.decided(intent.id);
      this.#options.onIntentDecided?.(intent.id);
    }
  }

  /** The report that a runner would have sent, had it been handed what cannot be handed out. */
  #failureOf({ attemptId, grantNumber, error }: Ungrantable): OutcomeReport {
    const now = this.#clock.now();
    return {
      attemptId,
      grantNumber,
      startedAtMs: now,
      endedAtMs: now,
      outcome: { kind: 'failed', error, retryable: true },
      log: { segment: '', start: 0, end: null },
      rendered: null,
      runnerId: this.id,
      host: hostname(),
      pid: process.pid,
    };
  }

  #answer({ accept, fence }: ReportAnswers): void {
    for (const { attemptId, grantNumber } of accept) this.#executor.accept(attemptId, grantNumber);
    for (const { attemptId, grantNumber } of fence) this.#executor.fence(attemptId, grantNumber);
  }

  /**
   * The commit did not go through: what the turn changed in memory never happened. The DAGs it touched are read anew, the reports come
   * again; runners keep their outcomes until they are accepted, so nothing is lost.
   */
  async #recover(error: unknown, reports: readonly Report[], changes: Changes): Promise<void> {
    if (error instanceof SchedulerFencedError) {
      this.#stopping = true;
      this.onFatal(error);
      return;
    }
    this.#failures += 1;
    const fields = { error: errorMessage(error), failures: this.#failures };
    let again = reports;
    if (error instanceof CountersRefused) this.#world.limits.committed(error.counters);
    else if (error instanceof ContentRefusedError || error instanceof ConflictError) {
      // A value is its author's mistake; a key that is taken is one of ours.
      const tell = error instanceof ConflictError ? this.#logger.error : this.#logger.warn;
      tell.call(this.#logger, 'A turn held what the database does not keep; its work comes again.', fields);
      again = this.#suspects.refused(error, reports, this.#world);
    } else if (error instanceof BrokenReportError) {
      this.#logger.error('A report could not be taken; it counts as a failure.', fields);
      again = reports.flatMap((report) => (report === error.report ? asFailure(report, error) : [report]));
    } else this.#logger.error('A turn failed; its DAGs are read anew.', fields);
    this.#inbox.putBack(again);
    const backOffMs = Math.min(5_000, 20 * 2 ** Math.min(this.#failures, 8));
    await new Promise<void>((resolve) => this.#clock.setTimer(backOffMs, resolve));
    this.#intake.drop([...touchedDags(changes), ...this.#woken]);
    for (const hint of ['leases', 'intents', 'versions', 'variables'] as const) this.#inbox.hint(hint);
  }

  async #retirePredecessors(): Promise<void> {
    const { store } = this.#world;
    for (const other of await store.leases.living()) {
      if (other.id !== this.id) await store.leases.retire(other.id, other.beat, this.#clock.now());
    }
  }

  #executorEvents(): ExecutorEvents {
    return {
      started: (report) => this.#inbox.report({ kind: 'started', report }),
      outcome: (report) => this.#inbox.report({ kind: 'outcome', report }),
      gone: (report) => this.#inbox.report({ kind: 'gone', report }),
      group: (attemptId, grantNumber, processGroup) =>
        this.#inbox.report({ kind: 'group', attemptId, grantNumber, processGroup }),
      ask: (question) => answerQuestion(this.#world, this.#decisions, question),
    };
  }
}

/** Thrown when another scheduler took this one's place: it must stop without another write. */
export class SchedulerFencedError extends TsflowError {
  constructor(schedulerId: string) {
    super(
      'scheduler_fenced',
      `Scheduler ${schedulerId} was replaced while it did not beat; it stops. Its tasks go on.`,
    );
  }
}

/** Another scheduler took the slots first: the turn is decided anew with the real numbers. */
class CountersRefused extends Error {
  readonly counters: ReadonlyMap<string, number>;

  constructor(counters: ReadonlyMap<string, number>) {
    super('The slots that this turn wanted were taken meanwhile.');
    this.counters = counters;
  }
}

function dagsWithChanges(changes: Changes): Set<DagWorkState> {
  return new Set([...changes.instances].map((instance) => instance.run.dag));
}

function touchedDags(changes: Changes): Set<string> {
  const dags = new Set<string>();
  for (const instance of changes.instances) dags.add(instance.run.dag.dagId);
  for (const instance of changes.newInstances) dags.add(instance.run.dag.dagId);
  for (const run of changes.runs.keys()) dags.add(run.dag.dagId);
  for (const run of changes.newRuns) dags.add(run.dag.dagId);
  for (const dag of changes.dags.keys()) dags.add(dag.dagId);
  for (const dag of changes.backfills.values()) dags.add(dag.dagId);
  for (const instance of changes.attempts.values()) dags.add(instance.run.dag.dagId);
  for (const dag of changes.roomInDags) dags.add(dag.dagId);
  for (const { run } of changes.groups) dags.add(run.dag.dagId);
  for (const dag of changes.servedDags) dags.add(dag.dagId);
  for (const { run } of changes.deadlinesMissed) dags.add(run.dag.dagId);
  for (const { dag } of changes.assetArrivals.values()) dags.add(dag.dagId);
  for (const { callback } of changes.callbacks) dags.add(callback.dag.dagId);
  return dags;
}
