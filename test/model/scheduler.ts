import type { Checks } from './checks.ts';
import { type DagWork, type Database, LIMIT, type Turn, type TurnResult } from './database.ts';
import { type Answer, Decision, type Grant } from './decision.ts';
import type { Host } from './host.ts';

export const LEASE = 30;
export const HEARTBEAT = 10;
const STOP_GRANTING = 20;
const POLL = 1;

/** How the COMMIT of a turn fared on its way. */
export type CommitFault = 'none' | 'reply lost' | 'request lost' | 'late';

/** What the scheduler reaches outside itself. */
export interface Outside {
  readonly db: Database;
  readonly host: Host;
  readonly now: () => number;
  readonly dueSlot: () => number;
  /** A grant reaches a runner. */
  readonly startRunner: (host: Host, grant: Grant) => void;
  readonly answerRunner: (host: Host, answer: Answer) => void;
  /** Holds a commit back in the network, to arrive some time. */
  readonly delay: (turn: Turn) => void;
}

/**
 * One life of a scheduler. Its turn comes in pieces, so that a pause, a crash or another scheduler may come between any two:
 * decide, commit, (reread when the reply was lost,) then tell one runner after the other.
 */
export class Scheduler {
  readonly id: string;
  readonly held = new Map<string, DagWork>();
  /** False once it learned that it was retired or fenced: the process ends. */
  isUp = true;
  isWoken = true;
  readonly #checks: Checks;
  readonly #outside: Outside;
  readonly #seen = new Map<string, { beat: number; since: number }>();
  /** Where this life of it holds a claim for which it knows of no runner. */
  readonly #ungranted = new Set<number>();
  #turn = 0;
  #confirmed: { wall: number; monotonic: number };
  #expired: { id: string; beat: number } | null = null;
  #lastPoll = 0;
  #decided: { turn: Turn; decisions: ReadonlyMap<string, Decision> } | null = null;
  #isUnsure = false;
  /** An earlier copy of this turn may still be on its way. */
  #isInDoubt = false;
  #toTell: (() => void)[] = [];
  /** Stale copies of DAGs that it no longer holds: only without `memoryDroppedOnLostLease`. */
  readonly #stale = new Map<string, DagWork>();

  constructor(id: string, checks: Checks, outside: Outside) {
    this.id = id;
    this.#checks = checks;
    this.#outside = outside;
    outside.db.register(id, outside.host.clock.wall());
    this.#confirmed = this.#clocks();
  }

  // --- leases --------------------------------------------------------------------------------------------------------------------

  beat(isReplyLost: boolean): void {
    const clocks = this.#clocks();
    if (!this.#outside.db.beat(this.id, clocks.wall)) this.isUp = false;
    else if (!isReplyLost) this.#confirmed = clocks;
  }

  /** Looks whether another's process is gone, or its beat stands still. */
  watch(): void {
    const { monotonic, wall } = this.#clocks();
    for (const { id, beat, beatAt, isRetired } of this.#outside.db.schedulers.values()) {
      if (id === this.id || isRetired) continue;
      const seen = this.#seen.get(id);
      if (seen?.beat !== beat) this.#seen.set(id, { beat, since: monotonic });
      const stoodStill = this.#checks.observerMonotonicExpiry
        ? monotonic - this.#seen.get(id)!.since
        : wall - beatAt;
      if (stoodStill >= LEASE || this.#isGone(id, stoodStill)) this.#expired = { id, beat };
    }
  }

  /** Without the check it guesses: it is late, and no such process is here. */
  #isGone(id: string, stoodStill: number): boolean {
    const seen = this.#outside.host.processOf(id);
    return this.#checks.deathProved ? seen === 'is gone' : seen !== 'lives' && stoodStill > HEARTBEAT;
  }

  /** Retires whom it saw expire, then takes a DAG that is free. Only between turns. */
  acquire(): void {
    if (this.#isInTurn) return;
    const { db } = this.#outside;
    if (this.#expired !== null) db.retire(this.#expired.id, this.#expired.beat);
    this.#expired = null;
    const dag = db.acquire(this.id);
    if (dag === null) return;
    const stale = this.#stale.get(dag.dagId);
    const work =
      stale === undefined ? db.load(dag.dagId) : { ...stale, dag: { ...stale.dag, epoch: dag.epoch } };
    this.held.set(dag.dagId, work);
    if (this.#checks.regrantUnacknowledged) this.#findUngranted(work);
    this.isWoken = true;
  }

  /** Gives a DAG to the others, to share the load. Only between turns. */
  release(dagId: string): void {
    if (!this.#isInTurn && this.held.has(dagId)) this.#giveBack(dagId);
  }

  #giveBack(dagId: string): void {
    this.#outside.db.release(this.id, dagId);
    this.#forget(dagId);
  }

  /** Claims whose grant no runner here has taken up. One that runs elsewhere is replaced: its result will be refused. */
  #findUngranted({ tasks, attempts }: DagWork): void {
    for (const { state, attemptId } of tasks.values()) {
      if (state !== 'queued' || attemptId === null) continue;
      if (this.#outside.host.runnerOf(attempts.get(attemptId)!) === undefined) this.#ungranted.add(attemptId);
    }
  }

  #forget(dagId: string): void {
    if (!this.#checks.memoryDroppedOnLostLease) this.#stale.set(dagId, this.held.get(dagId)!);
    this.held.delete(dagId);
  }

  // --- a turn --------------------------------------------------------------------------------------------------------------------

  decide(): void {
    if (this.#isInTurn) return;
    const { db, host, now, dueSlot } = this.#outside;
    const isPollDue = this.#checks.pollRepairsLostWakes && now() - this.#lastPoll >= POLL;
    const looksAtIntents = this.isWoken || isPollDue;
    if (looksAtIntents) this.#lastPoll = now();
    this.isWoken = false;

    const reports = host.reports();
    let room = LIMIT - db.slotsUsed;
    const decisions = new Map<string, Decision>();
    for (const [dagId, work] of this.held) {
      const isMine = (about: { dagId: string }) => about.dagId === dagId;
      const decision = new Decision(this.#checks, work, {
        reports: reports.filter(isMine),
        intents: looksAtIntents ? db.intents.filter((intent) => isMine(intent) && !intent.isDecided) : [],
        dueSlot: dueSlot(),
        room,
        ungranted: this.#ungranted,
        host: host.name,
        reserveKey: () => db.reserveKey(),
      });
      room -= Math.max(0, decision.effects.slots);
      if (!decision.isEmpty) decisions.set(dagId, decision);
    }
    if (decisions.size === 0) return;
    const dags = [...decisions.values()].map(({ effects }) => effects);
    this.#decided = { turn: { schedulerId: this.id, turn: this.#turn, dags }, decisions };
    if (!this.#checks.claimBeforeGrant) this.#grantAll(decisions);
    if (!this.#checks.ackAfterCommit) this.#answerAll(decisions);
  }

  commit(fault: CommitFault): void {
    if (this.#decided === null || this.#isUnsure) return;
    const { turn } = this.#decided;
    const { db, delay } = this.#outside;
    const result = fault === 'none' || fault === 'reply lost' ? db.commit(turn) : null;
    if (fault === 'late') delay(turn);
    if (this.#isInDoubt && (result?.status === 'counters_refused' || result?.status === 'rows_refused'))
      this.isUp = false;
    if (fault === 'none') this.#conclude(result!);
    else if (this.#checks.rereadAfterLostCommit) this.#isUnsure = true;
    else this.#conclude({ status: 'committed', lostDags: [] });
  }

  /** The reply of a COMMIT was lost; the turn row says whether it happened. If not, the same turn is sent again. */
  reread(): void {
    if (!this.#isUnsure || this.#decided === null) return;
    this.#isUnsure = false;
    const { db } = this.#outside;
    const { turn } = db.schedulers.get(this.id)!;
    if (turn !== this.#turn) this.#conclude({ status: 'committed', lostDags: this.#dagsNoLongerMine() });
    else if (this.#checks.sameTurnAgain) this.#isInDoubt = true;
    else this.#decided = null;
  }

  #dagsNoLongerMine(): string[] {
    const { db } = this.#outside;
    return [...this.#decided!.decisions].flatMap(([dagId, { effects }]) => {
      const dag = db.dags.get(dagId)!;
      return dag.holder === this.id && dag.epoch === effects.epoch ? [] : [dagId];
    });
  }

  /** The turn is known to have happened, or not: only now memory changes and others are told. */
  #conclude(result: TurnResult): void {
    const { decisions } = this.#decided!;
    this.#decided = null;
    this.#isInDoubt = false;
    if (result.status === 'fenced') this.isUp = false;
    if (result.status === 'rows_refused') for (const dagId of decisions.keys()) this.#giveBack(dagId);
    if (result.status !== 'committed') return;
    this.#turn += 1;
    for (const dagId of result.lostDags) this.#forget(dagId);
    const kept = new Map([...decisions].filter(([dagId]) => this.held.has(dagId)));
    for (const [dagId, decision] of kept) this.#remember(dagId, decision);
    const told = this.#checks.lostDagsLeaveWhole ? kept : decisions;
    if (this.#checks.ackAfterCommit) this.#answerAll(told);
    if (this.#checks.claimBeforeGrant) this.#grantAll(told);
    this.#writeApart(told);
  }

  #remember(dagId: string, decision: Decision): void {
    this.held.set(dagId, decision.after);
    for (const { attemptId } of decision.grants) this.#ungranted.delete(attemptId);
  }

  // --- telling -------------------------------------------------------------------------------------------------------------------

  /** Tells one more of what the last turn left to tell. */
  tell(): void {
    this.#toTell.shift()?.();
  }

  get #isInTurn(): boolean {
    return this.#decided !== null || this.hasToTell;
  }

  get hasToTell(): boolean {
    return this.#toTell.length > 0;
  }

  #grantAll(decisions: ReadonlyMap<string, Decision>): void {
    for (const { grants } of decisions.values()) {
      for (const grant of grants) this.#toTell.push(() => this.#grant(grant));
    }
    if (!this.#checks.claimBeforeGrant) while (this.hasToTell) this.tell();
  }

  #answerAll(decisions: ReadonlyMap<string, Decision>): void {
    const { host, answerRunner } = this.#outside;
    for (const { answers } of decisions.values()) {
      for (const answer of answers) this.#toTell.push(() => answerRunner(host, answer));
    }
    if (!this.#checks.ackAfterCommit) while (this.hasToTell) this.tell();
  }

  /** Sends a grant, unless the lease may be over: then the claim stays, and is granted anew after the next commit. */
  #grant(grant: Grant): void {
    const { host, startRunner } = this.#outside;
    if (this.#mayGrant()) startRunner(host, grant);
    else if (this.#checks.regrantUnacknowledged) this.#ungranted.add(grant.attemptId);
  }

  #mayGrant(): boolean {
    if (!this.#checks.stopGrantingBeforeLeaseEnd) return true;
    const { wall, monotonic } = this.#clocks();
    const passed = monotonic - this.#confirmed.monotonic;
    if (!this.#checks.largerOfBothClocks) return passed < STOP_GRANTING;
    return Math.max(passed, wall - this.#confirmed.wall) < STOP_GRANTING;
  }

  /** Without the checks that put them into the transaction: counters and consumed intents as writes of their own. */
  #writeApart(decisions: ReadonlyMap<string, Decision>): void {
    const { db } = this.#outside;
    for (const { effects } of decisions.values()) {
      if (!this.#checks.counterInTransaction) this.#toTell.push(() => db.moveSlots(effects.slots));
      if (!this.#checks.intentConsumedInTransaction) this.#toTell.push(() => db.markDecided(effects.decided));
    }
  }

  // --- supervising -----------------------------------------------------------------------------------------------------------------

  /** Passes on what processes of this host have to say about DAGs that others hold, and ends what is to end. */
  supervise(isReplyLost: boolean): void {
    const { db, host, answerRunner } = this.#outside;
    host.endWhatIsStopped(db);
    for (const report of host.reports()) {
      const { dagId, kind, attemptId, grantNumber } = report;
      if (this.held.has(dagId)) continue;
      db.submit(dagId, `report:${kind}:${attemptId}:${grantNumber}`, null, { kind: 'report', report });
      if (!isReplyLost) answerRunner(host, { dagId, report, verdict: 'accepted' });
    }
  }

  #clocks(): { wall: number; monotonic: number } {
    const { clock } = this.#outside.host;
    return { wall: clock.wall(), monotonic: clock.monotonic() };
  }
}
