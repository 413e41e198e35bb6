import { hostname } from 'node:os';
import type { Clock } from '@tsflow/core/clock';
import { failpoint } from '@tsflow/core/failpoint';
import type { Changes, DagWorkState } from '@tsflow/core/rules';
import type { TurnResult } from '@tsflow/core/store';
import type { Executor, OutcomeReport } from '../executors/executor.ts';
import { createAssetRuns, fileAssetEvents } from './assets/asset-stage.ts';
import { commitTurn } from './commit/commit-turn.ts';
import { CountersRefused, Recovery } from './commit/recovery.ts';
import { settleMemory } from './commit/settle-memory.ts';
import { Suspects } from './commit/suspects.ts';
import { newDraft, type TurnDraft } from './commit/turn-draft.ts';
import { admitReady, makeReady, openLanes } from './grants/admit-stage.ts';
import type { Admission, Ungrantable } from './grants/grants.ts';
import { learnUse, refreshLimits } from './grants/limits-stage.ts';
import { PendingGrants } from './grants/pending-grants.ts';
import type { World } from './held/world.ts';
import type { Inbox } from './inbox/inbox.ts';
import { applyIntents } from './intents/intent-stage.ts';
import { pendingIntents } from './intents/pending-intents.ts';
import { refuseUnknownDags } from './intents/run-requests.ts';
import { DagIntake } from './leases/dag-intake.ts';
import type { LeaseKeeper } from './leases/lease-keeper.ts';
import { SchedulerFencedError } from './leases/scheduler-fenced-error.ts';
import { fileCallbacks } from './news/callback-stage.ts';
import { applyReports, type ReportAnswers } from './reports/report-stage.ts';
import { passQueuedDeadlines } from './runs/queued-deadlines.ts';
import { startRuns } from './runs/run-stage.ts';
import { createDueRuns } from './runs/tick-stage.ts';
import { passTimers } from './runs/timer-stage.ts';

/** Reports that one turn handles: latency first, batches form by themselves. */
const MAX_REPORTS_PER_TURN = 512;
const MAX_INTENTS_PER_TURN = 64;
/** Safety net for lost pings and notifications. */
const POLL_MS = 1_000;

export interface TurnTakerOptions {
  readonly schedulerId: string;
  readonly world: World;
  readonly inbox: Inbox;
  readonly lease: LeaseKeeper;
  readonly executor: Executor;
  /** The only DAGs that are taken. Default: all. */
  readonly onlyDags: readonly string[] | undefined;
  /** Called with each intent whose decision is committed. */
  onIntentDecided(intentId: number): void;
}

/**
 * Takes the turns of a scheduler, one after the other. A turn is: gather, decide (pure, `core/rules`), one transaction, then grant and answer.
 */
export class TurnTaker {
  /** True: what runs goes on, and nothing more is started. */
  isDraining = false;
  readonly #options: TurnTakerOptions;
  readonly #world: World;
  readonly #inbox: Inbox;
  readonly #lease: LeaseKeeper;
  readonly #executor: Executor;
  readonly #intake: DagIntake;
  readonly #pending: PendingGrants;
  readonly #suspects = new Suspects();
  readonly #recovery: Recovery;
  readonly #clock: Clock;
  #turn = 0;
  #lastTurnMs = 0;
  #lastPoll = Number.NEGATIVE_INFINITY;

  constructor(options: TurnTakerOptions) {
    const { schedulerId, world, inbox, lease, executor, onlyDags } = options;
    this.#options = options;
    this.#world = world;
    this.#inbox = inbox;
    this.#lease = lease;
    this.#executor = executor;
    this.#clock = world.clock;
    this.#pending = new PendingGrants(world, lease, (ungrantable) =>
      inbox.report({ kind: 'outcome', report: this.#failureOf(ungrantable) }),
    );
    const regrant = (admission: Admission) => this.#pending.add(admission);
    this.#intake = new DagIntake({ world, schedulerId, executor, inbox, onlyDags, regrant });
    this.#recovery = new Recovery(world, inbox, this.#intake, this.#suspects);
  }

  /** How long until the next turn has something to do by the clock. */
  get restMs(): number {
    const { held, limits } = this.#world;
    const due = Math.min(held.timers.peek()?.at ?? Number.POSITIVE_INFINITY, limits.nextStep);
    const untilPoll = POLL_MS - (this.#clock.monotonic() - this.#lastPoll);
    return Math.max(0, Math.min(due - this.#clock.now(), untilPoll));
  }

  /** The instant at which something is due by the clock: a timer that still counts, or a step of a daily plan. Null: nothing is. */
  get nextDue(): number | null {
    const { held, limits } = this.#world;
    const due = Math.min(held.nextDue() ?? Number.POSITIVE_INFINITY, limits.nextStep);
    return Number.isFinite(due) ? due : null;
  }

  /**
   * One turn; true: it changed something, and the next may follow at once. Whatever goes wrong in it, the working state of what it touched
   * is read anew. Throws a {@link SchedulerFencedError} alone.
   */
  async take(): Promise<boolean> {
    const started = this.#clock.monotonic();
    const reports = this.#inbox.takeReports(this.#suspects.beginTurn(MAX_REPORTS_PER_TURN));
    const draft = newDraft(reports, this.#clock.now());
    this.#world.held.releaseVersions();
    try {
      const worked = await this.#takeTurn(draft);
      this.#recovery.succeeded();
      return worked;
    } catch (error) {
      if (error instanceof SchedulerFencedError) throw error;
      await this.#recovery.recover(error, draft);
      return false;
    } finally {
      this.#lastTurnMs = this.#clock.monotonic() - started;
    }
  }

  async #takeTurn(draft: TurnDraft): Promise<boolean> {
    const world = this.#world;
    const { held, limits } = world;
    const { reports, changes, answers } = draft;
    limits.beginTurn(changes);
    for (const dag of held.lookAgain) changes.roomInDags.add(dag);
    held.lookAgain.clear();

    const isIntentHinted = await this.#housekeeping(changes);
    await applyReports(world, reports, answers, changes);
    const due = passTimers(world, draft.woken, changes);
    for (const dag of due.preload) this.#preload(dag);
    await passQueuedDeadlines(world, due.queued, changes);
    if (isIntentHinted) await this.#applyPendingIntents(draft);
    await refuseUnknownDags(world, changes);
    // A Variable that was set before an intent was asked for counts for the runs that it starts.
    if (this.#inbox.takeHint('variables')) await refreshLimits(world, this.#executor, changes);
    await createDueRuns(world, withRoomAgain(world, due.ticks, changes), changes);
    await createAssetRuns(world, changes);
    await startRuns(world, changes);
    openLanes(world, changes);
    await makeReady(world, changes);
    const admitted = await this.#admit(changes);
    // Waits that need no process began only now; what their failure lets begin may be another.
    while (await refuseUnknownDags(world, changes)) await makeReady(world, changes);
    // A run may have ended since its DAG was looked at: one of tasks that need no process.
    for (const dag of changes.roomInDags) held.lookAgain.add(dag);
    for (const problem of limits.newProblems()) world.logger.warn(problem);
    await held.watches.answer(changes);
    await fileCallbacks(world, changes);
    await fileAssetEvents(world, changes);

    const { schedulerId } = this.#options;
    const claim = { schedulerId, turn: this.#turn, turnMs: Math.round(this.#lastTurnMs) };
    const result = await commitTurn(world, claim, draft);
    if (result === null) {
      this.#answer(answers);
      // Nothing new, but perhaps what an earlier turn could not hand out.
      await this.#pending.handOut(admitted, this.#executor);
      return false;
    }
    if (result.status === 'counters_refused') throw new CountersRefused(result.counters);
    if (result.status === 'fenced') throw new SchedulerFencedError(schedulerId);
    this.#turn += 1;
    await this.#afterCommit(result, draft, admitted);
    return true;
  }

  // --- gather ---------------------------------------------------------------------------------------------------------------

  /** What is due by the clock rather than by an event: the beat, the poll, new DAGs, changed Variables. True: there may be intents. */
  async #housekeeping(changes: Changes): Promise<boolean> {
    const hints = this.#inbox.takeHints();
    const { schedulerId } = this.#options;
    if (this.#lease.beatDue && !(await this.#lease.beat())) throw new SchedulerFencedError(schedulerId);
    if (this.#clock.monotonic() - this.#lastPoll >= POLL_MS) {
      this.#lastPoll = this.#clock.monotonic();
      for (const hint of ['intents', 'variables', 'versions', 'leases'] as const) hints.add(hint);
    }
    if (hints.has('variables') || this.#clock.now() >= this.#world.limits.nextStep)
      await refreshLimits(this.#world, this.#executor, changes);
    if (hints.has('variables')) await learnUse(this.#world);
    if (hints.has('leases') || hints.has('versions')) {
      if (this.#world.store.allowsSeveralSchedulers) await this.#lease.retireExpired();
      await this.#intake.acquire(changes);
    }
    if (hints.has('versions')) await this.#intake.adoptVersions(changes);
    return hints.has('intents');
  }

  #preload({ graph }: DagWorkState): void {
    const { bundle, entry } = this.#world.versions.get(graph.version);
    this.#executor.preload(bundle, entry);
  }

  async #applyPendingIntents({ reports, answers, intentsDecided, changes }: TurnDraft): Promise<void> {
    const limit = this.#suspects.intentLimit(reports.length, MAX_INTENTS_PER_TURN);
    const rows = await pendingIntents(this.#world, limit);
    this.#suspects.took(rows);
    await applyIntents(this.#world, rows, answers, intentsDecided, changes);
    if (rows.length === limit) this.#inbox.hint('intents');
  }

  // --- decide who may run ---------------------------------------------------------------------------------------------------

  async #admit(changes: Changes): Promise<Admission[]> {
    for (const granted of [...changes.onKills, ...changes.triggers]) this.#pending.add(granted);
    if (this.isDraining || !this.#lease.mayGrant) return [];
    const pending = this.#pending.due();
    // A Variable that was set while this turn decided counts for what it admits.
    if (this.#inbox.takeHint('variables')) await refreshLimits(this.#world, this.#executor, changes);
    const { admitted, isFull } = await admitReady(this.#world, changes);
    if (isFull) this.#inbox.wake();
    return [...pending, ...admitted];
  }

  // --- after the commit -----------------------------------------------------------------------------------------------------

  async #afterCommit(
    result: Extract<TurnResult, { status: 'committed' }>,
    { changes, answers, intentsDecided }: TurnDraft,
    admitted: readonly Admission[],
  ): Promise<void> {
    settleMemory(this.#world, result, changes, admitted);
    if (changes.sent.length > 0) this.#inbox.hint('intents');
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
      this.#world.brokenIntents.delete(intent.id);
      if (!lost.has(dagId)) this.#options.onIntentDecided(intent.id);
    }
  }

  #answer({ accept, fence }: ReportAnswers): void {
    for (const { attemptId, grantNumber } of accept) this.#executor.accept(attemptId, grantNumber);
    for (const { attemptId, grantNumber } of fence) this.#executor.fence(attemptId, grantNumber);
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
      runnerId: this.#options.schedulerId,
      host: hostname(),
      pid: process.pid,
    };
  }
}

/** DAGs whose tick is due now, and those that had no room before and have some now. */
function withRoomAgain({ held }: World, due: Set<DagWorkState>, changes: Changes): Set<DagWorkState> {
  const dags = new Set(due);
  for (const dag of changes.roomInDags) if (held.overdue.has(dag)) dags.add(dag);
  return dags;
}
