import { hostname } from 'node:os';
import type { JsonObject } from '@tsflow/core/json';
import type { TaskOutcome } from '@tsflow/core/rules';
import type {
  AdoptableAttempt,
  Executor,
  ExecutorEvents,
  LostAttempt,
  Workload,
} from '@tsflow/scheduler/executors';
import type { Ledger } from './ledger.ts';
import type { TrueTime } from './process-clock.ts';
import { type Verdict, Violation } from './violation.ts';

/** A process of a task. It outlives the scheduler that started it, and keeps its outcome until that is accepted. */
export interface Runner {
  readonly runnerId: string;
  readonly workload: Workload;
  state: 'granted' | 'working' | 'ended';
  outcome: { readonly outcome: TaskOutcome; readonly startedAtMs: number; readonly endedAtMs: number } | null;
  /** To whom it reports; null: that scheduler is dead, and nobody has taken it over yet. */
  supervisor: SimulatedExecutor | null;
  /** Other schedulers that hold its DAG by now and watch its process. */
  readonly watchers: Set<SimulatedExecutor>;
  /** Why it is being ended; null: it is not. */
  ending: string | null;
  startedAtMs: number;
}

/** The machine on which both schedulers and all runners live. */
export class Machine {
  readonly runners = new Set<Runner>();
  /** Schedulers of which it knows that their process is gone: they are replaced without a wait for their lease. */
  readonly provedDead = new Set<string>();
  readonly verdict: Verdict;
  readonly #ledger: Ledger;
  readonly #time: TrueTime;
  #last = 0;

  constructor(verdict: Verdict, ledger: Ledger, time: TrueTime) {
    this.verdict = verdict;
    this.#ledger = ledger;
    this.#time = time;
    ledger.onLost = (attemptId, grantNumber) => {
      const runner = this.find(attemptId, grantNumber);
      if (runner?.outcome == null || runner.ending !== null) return;
      throw new Violation(
        'finished',
        `attempt ${attemptId}.${grantNumber} ended with ${runner.outcome.outcome.kind} and counts as lost`,
      );
    };
  }

  find(attemptId: number, grantNumber: number): Runner | undefined {
    for (const runner of this.runners) {
      const { workload } = runner;
      if (workload.attemptId === attemptId && workload.grantNumber === grantNumber) return runner;
    }
    return undefined;
  }

  grant(workload: Workload, supervisor: SimulatedExecutor): void {
    this.verdict.watch(() => this.#checkClaim(workload, supervisor));
    for (const other of this.runners) {
      if (other.workload.attemptId !== workload.attemptId) continue;
      if (other.workload.grantNumber >= workload.grantNumber) return;
      if (other.supervisor === supervisor) this.runners.delete(other);
    }
    this.#last += 1;
    this.runners.add({
      runnerId: `runner-${this.#last}`,
      workload,
      state: 'granted',
      outcome: null,
      supervisor,
      watchers: new Set(),
      ending: null,
      startedAtMs: this.#time.wall,
    });
  }

  begin(runner: Runner): void {
    if (runner.state !== 'granted') return;
    runner.state = 'working';
    runner.startedAtMs = this.#time.wall;
    runner.supervisor?.tellStarted(runner);
  }

  end(runner: Runner, outcome: TaskOutcome): void {
    if (runner.state === 'ended') return;
    if (runner.state === 'granted') runner.startedAtMs = this.#time.wall;
    runner.state = 'ended';
    runner.outcome = { outcome, startedAtMs: runner.startedAtMs, endedAtMs: this.#time.wall };
    runner.supervisor?.tellOutcome(runner);
  }

  /** kill -9, or the end of one that was cancelled. */
  die(runner: Runner, reason: string): void {
    if (runner.state === 'ended') return;
    this.runners.delete(runner);
    const whoSees = new Set(runner.watchers);
    if (runner.supervisor !== null) whoSees.add(runner.supervisor);
    for (const who of whoSees) who.tellGone(runner.workload, runner.ending ?? reason, runner.ending !== null);
  }

  /** Somebody who takes a dead scheduler's runners over hears what they have to say. */
  takeOver(runner: Runner, by: SimulatedExecutor): void {
    runner.supervisor = by;
    if (runner.state === 'working') by.tellStarted(runner);
    if (runner.state === 'ended') by.tellOutcome(runner);
  }

  /** A scheduler is dead: what it had not handed to a runner, and its triggers, die with it; the rest waits for another. */
  supervisorDied(supervisor: SimulatedExecutor): void {
    for (const runner of [...this.runners]) {
      runner.watchers.delete(supervisor);
      if (runner.supervisor !== supervisor) continue;
      runner.supervisor = null;
      if (runner.state === 'granted' || runner.workload.kind === 'trigger') this.runners.delete(runner);
      else {
        const [heir] = runner.watchers;
        if (heir !== undefined) this.takeOver(runner, heir);
      }
    }
  }

  /** A process starts only what the database says is claimed, by who holds the DAG. */
  #checkClaim({ attemptId, grantNumber, dagId, kind }: Workload, { schedulerId }: SimulatedExecutor): void {
    const holder = this.#ledger.holders.get(dagId);
    const what = `${kind} ${attemptId}.${grantNumber} of ${dagId} is started by ${schedulerId}`;
    if (holder !== schedulerId)
      throw new Violation('claimed', `${what}, but ${holder ?? 'nobody'} holds the DAG`);
    if (kind === 'callback') {
      const callback = this.#ledger.callbacks.get(attemptId);
      if (callback?.grantNumber !== grantNumber)
        throw new Violation('claimed', `${what}, its newest is ${callback?.grantNumber}`);
      return;
    }
    const attempt = this.#ledger.attempts.get(attemptId);
    const expected = kind === 'execute' ? 'queued' : kind === 'trigger' ? 'deferred' : 'on_kill';
    if (attempt?.grantNumber !== grantNumber || attempt.isOver || attempt.state !== expected)
      throw new Violation(
        'claimed',
        `${what}, but it is ${attempt?.state} under grant ${attempt?.grantNumber}`,
      );
  }
}

/** What one scheduler knows of the machine's runners: starts them, hears of them, takes over those of dead ones. */
export class SimulatedExecutor implements Executor {
  readonly schedulerId: string;
  readonly #machine: Machine;
  readonly #events: ExecutorEvents;
  readonly #ledger: Ledger;
  readonly #time: TrueTime;
  /** Outcomes that it has told and that were not answered yet. */
  readonly #told = new Set<Runner>();

  constructor(
    schedulerId: string,
    events: ExecutorEvents,
    { machine, ledger, time }: { machine: Machine; ledger: Ledger; time: TrueTime },
  ) {
    this.schedulerId = schedulerId;
    this.#machine = machine;
    this.#events = events;
    this.#ledger = ledger;
    this.#time = time;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  submit(workloads: readonly Workload[]): void {
    for (const workload of workloads) this.#machine.grant(workload, this);
  }

  cancel(attemptId: number, grantNumber: number, reason: string): void {
    const runner = this.#machine.find(attemptId, grantNumber);
    if (runner === undefined) {
      queueMicrotask(() => this.#gone(attemptId, grantNumber, reason, true));
    } else if (runner.state !== 'ended') {
      runner.ending = reason;
      if (runner.state === 'granted') queueMicrotask(() => this.#machine.die(runner, reason));
    }
  }

  accept(attemptId: number, grantNumber: number): void {
    this.#machine.verdict.watch(() => this.#ledger.acknowledged(attemptId, grantNumber));
    this.#forget(attemptId, grantNumber);
  }

  fence(attemptId: number, grantNumber: number): void {
    this.#forget(attemptId, grantNumber);
  }

  async adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]> {
    const lost: LostAttempt[] = [];
    for (const { attemptId, grantNumber, runnerId } of attempts) {
      const runner = this.#machine.find(attemptId, grantNumber);
      // What another scheduler has and handed to no process yet is in nobody's process list.
      if (runner === undefined || (runner.state === 'granted' && runner.supervisor !== this)) {
        lost.push({ attemptId, grantNumber, started: runnerId !== null, reason: 'its runner is gone' });
      } else if (runner.supervisor === null) this.#machine.takeOver(runner, this);
      else if (runner.supervisor !== this) {
        runner.watchers.add(this);
        // Its outcome is in the spool, since nobody accepted it in time.
        if (runner.state === 'ended') this.tellOutcome(runner);
      }
    }
    return lost;
  }

  setConcurrency(): void {}

  preload(): void {}

  tellStarted(runner: Runner): void {
    const { attemptId, grantNumber } = runner.workload;
    const log = { segment: 'simulated.jsonl', start: 0, end: null };
    this.#events.started({ attemptId, grantNumber, atMs: runner.startedAtMs, ...identity(runner), log });
  }

  tellOutcome(runner: Runner): void {
    if (this.#told.has(runner)) return;
    this.#told.add(runner);
    const { attemptId, grantNumber } = runner.workload;
    const log = { segment: 'simulated.jsonl', start: 0, end: 1 };
    this.#events.outcome({
      attemptId,
      grantNumber,
      ...runner.outcome!,
      ...identity(runner),
      rendered: null,
      log,
    });
  }

  tellGone({ attemptId, grantNumber }: Workload, reason: string, cancelled: boolean): void {
    this.#gone(attemptId, grantNumber, reason, cancelled);
  }

  /** A running task saves its state; it waits for the answer, and hears nothing when its scheduler dies. */
  save({ workload: { attemptId, grantNumber } }: Runner, savedState: JsonObject): void {
    this.#events.ask({ verb: 'state', seq: 1, attemptId, grantNumber, savedState }).catch(() => undefined);
  }

  #gone(attemptId: number, grantNumber: number, reason: string, cancelled: boolean): void {
    this.#events.gone({ attemptId, grantNumber, cancelled, reason, atMs: this.#time.wall });
  }

  #forget(attemptId: number, grantNumber: number): void {
    const runner = this.#machine.find(attemptId, grantNumber);
    if (runner === undefined) return;
    this.#told.delete(runner);
    this.#machine.runners.delete(runner);
  }
}

const identity = ({ runnerId }: Runner) => ({ runnerId, host: hostname(), pid: 1 });
