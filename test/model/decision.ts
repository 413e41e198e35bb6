import type { Checks } from './checks.ts';
import type { DagEffects, DagWork } from './database.ts';
import { type AttemptRow, holdsSlot, type IntentRow, isFinished, type Report, type TaskRow } from './rows.ts';

export const LAST_SLOT = 3;
const INFRA_CAP = 2;

/** What the host is to be told about a report, once the turn is committed. */
export interface Answer {
  readonly dagId: string;
  readonly report: Report;
  readonly verdict: 'accepted' | 'fenced';
}

export interface Grant {
  readonly dagId: string;
  readonly taskKey: number;
  readonly attemptId: number;
  readonly grantNumber: number;
}

/** What came in for one DAG. */
export interface Input {
  readonly reports: readonly Report[];
  readonly intents: readonly IntentRow[];
  /** The newest slot that is due. */
  readonly dueSlot: number;
  /** Slots that the scheduler believes to be free. */
  room: number;
  /** Attempts known to need another grant: nobody took up the one they have. */
  readonly ungranted: Set<number>;
  readonly host: string;
  readonly reserveKey: () => number;
}

/**
 * One turn of one DAG: pure but for key numbers, over the holder's working copy, which it leaves as it was. `after` is what the copy
 * becomes if the commit goes through; only then are the grants and answers told.
 */
export class Decision {
  readonly effects: DagEffects;
  readonly grants: Grant[] = [];
  readonly answers: Answer[] = [];
  readonly #checks: Checks;
  readonly #before: DagWork;
  readonly #input: Input;
  #isPaused: boolean;

  constructor(checks: Checks, work: DagWork, input: Input) {
    this.#checks = checks;
    this.#before = work;
    this.#input = input;
    this.#isPaused = work.dag.isPaused;
    this.effects = {
      dagId: work.dag.dagId,
      epoch: work.dag.epoch,
      isPaused: null,
      mark: null,
      tasks: new Map(),
      from: new Map(),
      attempts: new Map(),
      slots: 0,
      decided: [],
      events: [],
    };
    for (const report of input.reports) this.#applyReport(report, true);
    for (const intent of input.intents) this.#applyIntent(intent);
    this.#createDueRun();
    for (const key of new Set([...work.tasks.keys(), ...this.effects.tasks.keys()])) this.#admit(key);
  }

  get isEmpty(): boolean {
    const { tasks, attempts, decided, mark } = this.effects;
    return (
      tasks.size + attempts.size + decided.length + this.answers.length + this.grants.length === 0 &&
      mark === null
    );
  }

  get after(): DagWork {
    const { dag, tasks, attempts } = this.#before;
    return {
      dag: { ...dag, isPaused: this.#isPaused, mark: this.effects.mark ?? dag.mark },
      tasks: new Map([...tasks, ...this.effects.tasks]),
      attempts: new Map([...attempts, ...this.effects.attempts]),
    };
  }

  // --- what came in ------------------------------------------------------------------------------------------------------------

  #applyReport(report: Report, mayAnswer: boolean): void {
    const task = this.#task(report.taskKey);
    const attempt = this.#attempt(report.attemptId);
    const isNewest = attempt?.grantNumber === report.grantNumber || !this.#checks.grantNumberInReport;
    const isCurrent = task !== undefined && task.attemptId === report.attemptId && attempt?.state === 'open';
    if (!isCurrent || !isNewest) {
      // Accepted before, or of a grant that was replaced. Either way it changes nothing.
      const wasAccepted = attempt !== undefined && attempt.grantNumber === report.grantNumber;
      if (mayAnswer) this.#answer(report, wasAccepted ? 'accepted' : 'fenced');
      return;
    }
    if (mayAnswer) this.#answer(report, 'accepted');
    if (report.kind === 'started') {
      if (task.state === 'queued') this.#set({ ...task, state: 'running' });
    } else if (!holdsSlot(task.state)) {
      // It is waiting to be called again: a repeat of the report that asked for that.
    } else if (task.state === 'restarting') {
      this.#close(attempt, 'ended');
      this.#set({ ...task, state: task.target!, target: null, attemptId: null });
    } else if (report.kind === 'gone') this.#lose(task, attempt);
    else this.#end(task, attempt, report);
  }

  #lose(task: TaskRow, attempt: AttemptRow): void {
    this.#close(attempt, 'lost');
    const { attemptId, grantNumber } = attempt;
    this.effects.events.push({ type: 'lost', attemptId, grantNumber });
    const infraNumber = task.infraNumber + 1;
    this.#set({
      ...task,
      state: infraNumber > INFRA_CAP ? 'failed' : 'scheduled',
      infraNumber,
      tryNumber: task.tryNumber - 1,
      attemptId: null,
    });
  }

  #end(task: TaskRow, attempt: AttemptRow, { outcome, attemptId, grantNumber }: Report): void {
    const { tryNumber } = attempt;
    this.effects.events.push({
      type: 'accepted',
      attemptId,
      grantNumber,
      taskKey: task.key,
      tryNumber,
      outcome: outcome!,
    });
    if (outcome === 'reschedule') return this.#set({ ...task, state: 'up_for_reschedule' });
    this.#close(attempt, outcome!);
    const mayRetry = outcome === 'failed' && tryNumber < task.maxTries;
    this.#set({ ...task, state: mayRetry ? 'scheduled' : outcome!, attemptId: null });
  }

  #applyIntent({ id, askId, ask }: IntentRow): void {
    this.effects.decided.push(id);
    this.effects.events.push({ type: 'applied', intentId: id, askId });
    switch (ask.kind) {
      case 'trigger':
        return this.#createRun(null, askId);
      case 'pause':
        this.#isPaused = ask.isPaused;
        this.effects.isPaused = ask.isPaused;
        return;
      case 'clear':
        return this.#stop(this.#task(ask.taskKey), 'scheduled');
      case 'kill':
        return this.#stop(this.#task(ask.taskKey), 'failed');
      case 'report':
        return this.#applyReport(ask.report, false);
    }
  }

  /** Clears or kills a task. What has a process ends first, and is where it should be once the process is gone. */
  #stop(task: TaskRow | undefined, target: 'scheduled' | 'failed'): void {
    if (task === undefined) return;
    if (target === 'failed' && isFinished(task.state)) return;
    const cleared = target === 'scheduled' ? { clears: task.clears + 1, maxTries: task.tryNumber + 1 } : {};
    if (holdsSlot(task.state) && this.#checks.slotHeldUntilGone) {
      return this.#set({ ...task, ...cleared, state: 'restarting', target });
    }
    if (task.attemptId !== null) this.#close(this.#attempt(task.attemptId)!, 'ended');
    this.#set({ ...task, ...cleared, state: target, attemptId: null, target: null });
  }

  // --- what follows ------------------------------------------------------------------------------------------------------------

  #createDueRun(): void {
    const { mark } = this.#before.dag;
    if (this.#isPaused || mark >= Math.min(this.#input.dueSlot, LAST_SLOT)) return;
    this.effects.mark = mark + 1;
    this.#createRun(mark + 1, null);
  }

  #createRun(slot: number | null, ask: number | null): void {
    this.#set({
      key: this.#input.reserveKey(),
      dagId: this.effects.dagId,
      slot,
      ask,
      state: 'scheduled',
      tryNumber: 0,
      maxTries: 2,
      infraNumber: 0,
      attemptId: null,
      target: null,
      clears: 0,
    });
  }

  /** Claims a slot and an attempt for what is ready; renews the grant of what nobody took up. */
  #admit(key: number): void {
    const task = this.#task(key)!;
    const { host, ungranted, reserveKey } = this.#input;
    const known = task.attemptId === null ? undefined : this.#attempt(task.attemptId);
    if (task.state === 'queued' && known !== undefined && ungranted.has(known.attemptId)) {
      if (this.#isPaused && this.#checks.pauseHoldsRegrants) return;
      return this.#grant(task, { ...known, grantNumber: known.grantNumber + 1, host });
    }
    const isReady = task.state === 'scheduled' || task.state === 'up_for_reschedule';
    if (!isReady || this.#isPaused || this.#input.room <= 0) return;
    this.#input.room -= 1;
    if (known !== undefined) return this.#grant(task, { ...known, grantNumber: known.grantNumber + 1, host });
    const tryNumber = task.tryNumber + 1;
    this.#grant(
      { ...task, tryNumber },
      { attemptId: reserveKey(), taskKey: key, tryNumber, grantNumber: 1, host, state: 'open' },
    );
  }

  #grant(task: TaskRow, attempt: AttemptRow): void {
    const { attemptId, grantNumber } = attempt;
    this.effects.attempts.set(attemptId, attempt);
    this.#set({ ...task, state: 'queued', attemptId });
    this.grants.push({ dagId: task.dagId, taskKey: task.key, attemptId, grantNumber });
  }

  #answer(report: Report, verdict: Answer['verdict']): void {
    this.answers.push({ dagId: this.effects.dagId, report, verdict });
  }

  #close(attempt: AttemptRow, state: AttemptRow['state']): void {
    this.effects.attempts.set(attempt.attemptId, { ...attempt, state });
  }

  #set(task: TaskRow): void {
    const before = this.#task(task.key);
    const held = before !== undefined && holdsSlot(before.state);
    this.effects.slots += Number(holdsSlot(task.state)) - Number(held);
    this.effects.tasks.set(task.key, task);
    this.effects.from.set(task.key, this.#before.tasks.get(task.key)?.state ?? null);
  }

  #task(key: number): TaskRow | undefined {
    return this.effects.tasks.get(key) ?? this.#before.tasks.get(key);
  }

  #attempt(id: number): AttemptRow | undefined {
    return this.effects.attempts.get(id) ?? this.#before.attempts.get(id);
  }
}
