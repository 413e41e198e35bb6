import type { InvariantName } from './checks.ts';
import { type Database, LIMIT } from './database.ts';
import type { Answer, Grant } from './decision.ts';
import type { Host, Runner } from './host.ts';
import { type Event, holdsSlot, isFinished, type TaskRow } from './rows.ts';

/** Thrown by the auditor when an invariant does not hold. */
export class Violation extends Error {
  readonly invariant: InvariantName;

  constructor(invariant: InvariantName, message: string) {
    super(`${invariant}: ${message}`);
    this.invariant = invariant;
  }
}

/** Watches everything from outside, knows what really happened, and throws a {@link Violation}. */
export class Auditor {
  readonly #db: Database;
  readonly #hosts: readonly Host[];
  #eventsRead = 0;
  readonly #finished = new Map<number, TaskRow>();
  readonly #counts = new Map<string, number>();

  constructor(db: Database, hosts: readonly Host[]) {
    this.#db = db;
    this.#hosts = hosts;
  }

  /** After every step. */
  check(): void {
    const { events } = this.#db;
    for (; this.#eventsRead < events.length; this.#eventsRead++) this.#checkEvent(events[this.#eventsRead]!);
    this.#checkTasks();
    this.#checkProcesses();
  }

  /** Before a process starts. */
  checkStart({ dagId, taskKey, attemptId, grantNumber }: Grant): void {
    const attempt = this.#db.attempts.get(attemptId);
    const task = this.#db.tasks.get(taskKey);
    const isClaimed =
      attempt?.grantNumber === grantNumber && task?.state === 'queued' && task.attemptId === attemptId;
    const isPaused = this.#db.dags.get(dagId)!.isPaused;
    if (isClaimed && !isPaused) return;
    const why = isPaused
      ? 'its DAG is paused'
      : `the database says ${describeClaim(task, attempt?.grantNumber)}`;
    throw new Violation(
      'startsOnlyWhatIsClaimed',
      `attempt ${attemptId} grant ${grantNumber} starts, but ${why}`,
    );
  }

  /** Before a runner forgets its outcome: the database has it by now, or has done without it. */
  checkAcknowledged({ report, verdict }: Answer): void {
    const { attemptId, grantNumber } = report;
    if (report.kind !== 'outcome' || verdict === 'fenced') return;
    const attempt = this.#db.attempts.get(attemptId);
    const isKept =
      attempt === undefined ||
      attempt.grantNumber > grantNumber ||
      attempt.state === 'ended' ||
      this.#db.events.some((event) => event.type === 'accepted' && isAbout(event, report)) ||
      this.#db.intents.some(({ ask }) => ask.kind === 'report' && isAbout(ask.report, report));
    if (isKept) return;
    throw new Violation(
      'acknowledgedIsKept',
      `the outcome of attempt ${attemptId} was acknowledged and is nowhere`,
    );
  }

  #checkEvent(event: Event): void {
    switch (event.type) {
      case 'lease':
        return this.#once('oneHolderPerEpoch', `DAG ${event.dagId}, epoch ${event.epoch}`);
      case 'applied':
        if (event.askId !== null) this.#once('askedOnce', `ask ${event.askId}`);
        return;
      case 'accepted':
        this.#once('oneResultPerTry', `attempt ${event.attemptId}, grant ${event.grantNumber}`);
        if (event.outcome !== 'reschedule') {
          this.#once('oneResultPerTry', `task ${event.taskKey}, try ${event.tryNumber}`);
        }
        return;
      case 'lost': {
        const runner = this.#runnerOf(event);
        if (runner === undefined || runner.finished === null) return;
        throw new Violation(
          'finishedIsNotLost',
          `attempt ${event.attemptId} ended with ${runner.finished} and counts as lost`,
        );
      }
    }
  }

  #checkTasks(): void {
    let slots = 0;
    const slotsOfDags = new Set<string>();
    const asks = new Set<number>();
    for (const task of this.#db.tasks.values()) {
      if (holdsSlot(task.state)) slots += 1;
      if (task.slot !== null) addOnce(slotsOfDags, `${task.dagId} ${task.slot}`, 'oneRunPerSlot');
      if (task.ask !== null) addOnce(asks, task.ask, 'oneRunPerAsk');
      this.#checkFinished(task);
    }
    if (slots > LIMIT) throw new Violation('slotsInRows', `${slots} tasks hold a slot, of ${LIMIT}`);
  }

  #checkFinished(task: TaskRow): void {
    const before = this.#finished.get(task.key);
    if (before !== undefined && before.state !== task.state && before.clears >= task.clears) {
      throw new Violation(
        'finishedStaysFinished',
        `task ${task.key} was ${before.state} and is ${task.state}, and nobody cleared it`,
      );
    }
    if (isFinished(task.state)) this.#finished.set(task.key, task);
    else this.#finished.delete(task.key);
  }

  #checkProcesses(): void {
    const working = this.#hosts
      .flatMap(({ runners }) => runners)
      .filter((runner) => this.#countsAsWorking(runner));
    if (working.length > LIMIT) {
      throw new Violation('slotsInProcesses', `${working.length} processes work, of ${LIMIT}`);
    }
  }

  #countsAsWorking({ isAlive, finished, grant }: Runner): boolean {
    const newest = this.#db.attempts.get(grant.attemptId)?.grantNumber ?? 0;
    return isAlive && finished === null && newest <= grant.grantNumber;
  }

  #runnerOf(about: { attemptId: number; grantNumber: number }): Runner | undefined {
    return this.#hosts.map((host) => host.runnerOf(about)).find((runner) => runner !== undefined);
  }

  #once(invariant: InvariantName, what: string): void {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    if (count > 1) throw new Violation(invariant, `${what} has more than one`);
  }
}

function addOnce<T>(seen: Set<T>, what: T, invariant: InvariantName): void {
  if (seen.has(what)) throw new Violation(invariant, `${what} has two runs`);
  seen.add(what);
}

function isAbout(
  one: { attemptId: number; grantNumber: number },
  other: { attemptId: number; grantNumber: number },
): boolean {
  return one.attemptId === other.attemptId && one.grantNumber === other.grantNumber;
}

function describeClaim(task: TaskRow | undefined, grantNumber: number | undefined): string {
  if (task === undefined || grantNumber === undefined) return 'nothing of it';
  return `the task is ${task.state}, its newest grant ${grantNumber}`;
}
