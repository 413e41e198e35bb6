import type { Checks } from './checks.ts';
import type { Database } from './database.ts';
import type { Answer, Grant } from './decision.ts';
import type { Outcome, Report } from './rows.ts';

/** A process that runs one grant. It outlives the scheduler that started it. */
export interface Runner {
  readonly grant: Grant;
  isAlive: boolean;
  /** What it really came to, whether or not anybody will ever hear of it. */
  finished: Outcome | null;
  /** Kept in memory or in a spool file, to be reported until it is accepted. */
  kept: Outcome | null;
  isStartKnown: boolean;
  /** Nothing is left to say: its end was acknowledged, or it was fenced. */
  isSettled: boolean;
}

/** Two clocks, as a machine has them. Seconds. */
export interface HostClock {
  wall(): number;
  monotonic(): number;
}

/**
 * A machine: its clocks, its processes and their spool. Whichever life of the scheduler is up on it supervises these processes,
 * whether or not it holds their DAGs.
 */
export class Host {
  readonly name: string;
  readonly runners: Runner[] = [];
  readonly clock: HostClock = {
    wall: () => this.#now() + this.wallAhead,
    monotonic: () => this.#now() - this.suspended,
  };
  /** How far ahead of the true time somebody has set the wall clock. */
  wallAhead = 0;
  /** How long the machine was suspended: its monotonic clock stood still. */
  suspended = 0;
  /** Its process table: the schedulers that ever lived here. */
  readonly #schedulers = new Map<string, 'lives' | 'is gone'>();
  readonly #checks: Checks;
  readonly #now: () => number;

  constructor(name: string, checks: Checks, now: () => number) {
    this.name = name;
    this.#checks = checks;
    this.#now = now;
  }

  schedulerBegan(id: string): void {
    this.#schedulers.set(id, 'lives');
  }

  /** What is known here of a scheduler's process; undefined: it never ran here. */
  processOf(id: string): 'lives' | 'is gone' | undefined {
    return this.#schedulers.get(id);
  }

  start(grant: Grant): void {
    this.runners.push({
      grant,
      isAlive: true,
      finished: null,
      kept: null,
      isStartKnown: false,
      isSettled: false,
    });
  }

  /** The task ends. With no scheduler to take its outcome, the process leaves it in the spool and exits. */
  finish(runner: Runner, outcome: Outcome, hasScheduler: boolean): void {
    runner.finished = outcome;
    if (hasScheduler || this.#checks.outcomeKeptUntilAccepted) runner.kept = outcome;
    if (!hasScheduler) runner.isAlive = false;
  }

  /** `kill -9`: what it had not finished is gone. */
  kill(runner: Runner): void {
    runner.isAlive = false;
  }

  /** Scheduler and runners lost touch: a runner that had finished goes on alone, which means it exits. */
  schedulerGone(id: string): void {
    this.#schedulers.set(id, 'is gone');
    for (const runner of this.runners) {
      if (runner.finished === null || runner.isSettled) continue;
      runner.isAlive = false;
      if (!this.#checks.outcomeKeptUntilAccepted) runner.kept = null;
    }
  }

  /** Everything that its scheduler has to pass on, again and again until it is answered. */
  reports(): Report[] {
    return this.runners.filter((runner) => !runner.isSettled).flatMap((runner) => this.#reportsOf(runner));
  }

  #reportsOf({ grant, isAlive, kept, isStartKnown }: Runner): Report[] {
    const about = { ...grant, outcome: null };
    const started: Report[] = isStartKnown ? [] : [{ ...about, kind: 'started' }];
    if (kept !== null && (isAlive || this.#checks.spoolBeforeLost)) {
      return [...started, { ...about, kind: 'outcome', outcome: kept }];
    }
    return isAlive ? started : [...started, { ...about, kind: 'gone' }];
  }

  answer({ report, verdict }: Pick<Answer, 'report' | 'verdict'>): void {
    const runner = this.runnerOf(report);
    if (runner === undefined) return;
    if (verdict === 'fenced') runner.isAlive = false;
    if (report.kind === 'started' && verdict === 'accepted') runner.isStartKnown = true;
    else {
      runner.isSettled = true;
      runner.isAlive = false;
    }
  }

  runnerOf({ attemptId, grantNumber }: Pick<Grant, 'attemptId' | 'grantNumber'>): Runner | undefined {
    return this.runners.find(
      ({ grant }) => grant.attemptId === attemptId && grant.grantNumber === grantNumber,
    );
  }

  /** Ends what the database says is to end; confirms of a claim that was never granted here that no process has it. */
  endWhatIsStopped(db: Database): void {
    for (const { attemptId, grantNumber, host, taskKey } of db.attempts.values()) {
      const task = db.tasks.get(taskKey)!;
      if (host !== this.name || task.state !== 'restarting' || task.attemptId !== attemptId) continue;
      if (this.runnerOf({ attemptId, grantNumber }) === undefined) {
        this.start({ dagId: task.dagId, taskKey, attemptId, grantNumber });
      }
      this.kill(this.runnerOf({ attemptId, grantNumber })!);
    }
  }
}
