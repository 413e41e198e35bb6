import type { SerializedDag, SerializedTask } from '@tsflow/core/serialization';
import { assertLegalPath, isFinished, type TaskState } from '@tsflow/core/state';
import type {
  AttemptUpdate,
  DagEffects,
  DagRunTable,
  NewAttempt,
  NewEvent,
  NewTaskInstance,
  RunUpdate,
  TaskMove,
  TaskUpdate,
  Turn,
  TurnResult,
} from '@tsflow/core/store';
import { mayStart } from './may-start.ts';
import { Violation } from './violation.ts';

/** Losses of one instance since it was cleared, before it fails for good. */
export const INFRA_CAP = 3;

const HOLDING = new Set(['queued', 'running', 'restarting']);
const RESULTS = new Set(['success', 'failed', 'skipped']);

export interface LedgerAttempt extends NewAttempt {
  state: string;
  grantNumber: number;
  isOver: boolean;
}

export type LedgerTask = NewTaskInstance;

/** What a scheduler has read of the limits, and when by the true time. */
export interface Readings {
  readonly parallelism: number;
}

/**
 * Keeps books of every transaction that a scheduler committed, independently of the tables, and judges each against those before it. What
 * it says at the end is held against the rows.
 */
export class Ledger {
  readonly runs = new Map<number, DagRunTable>();
  readonly tasks = new Map<number, LedgerTask>();
  readonly attempts = new Map<number, LedgerAttempt>();
  readonly callbacks = new Map<number, { dagId: string; grantNumber: number; isOver: boolean }>();
  readonly paused = new Map<string, boolean>();
  /** DAG of each backfill that is not over, by its key. */
  readonly backfills = new Map<number, string>();
  /** Who holds each DAG, as the leases say. */
  readonly holders = new Map<string, string>();
  readonly #versions: (version: string) => SerializedDag;
  readonly #decided = new Set<number>();
  /** The parallelism that the Variable says at this moment; null: it says nothing that is a number. */
  newestParallelism: number | null = null;
  readonly #results = new Map<string, number>();
  /** Reports that went on as intents, by their keys. */
  readonly #sentReports = new Set<string>();
  commits = 0;

  constructor(versions: (version: string) => SerializedDag) {
    this.#versions = versions;
  }

  /** Task instances of a run. */
  tasksOf(runKey: number): LedgerTask[] {
    return [...this.tasks.values()].filter((task) => task.runKey === runKey);
  }

  get slotsInUse(): number {
    let used = 0;
    for (const { state } of this.tasks.values()) used += Number(HOLDING.has(state));
    return used;
  }

  /** A report went on as an intent to the holder of its DAG. */
  reportSent(idempotencyKey: string): void {
    this.#sentReports.add(idempotencyKey);
  }

  /** Its end is in the database, for whoever holds its DAG. */
  isReported(attemptId: number, grantNumber: number): boolean {
    return ['outcome', 'gone'].some((kind) =>
      this.#sentReports.has(`report:${kind}:${attemptId}:${grantNumber}`),
    );
  }

  committed(turn: Turn, result: TurnResult, readings: Readings): void {
    if (result.status !== 'committed') return;
    this.commits += 1;
    const lost = new Set(result.lostDags);
    const slotsBefore = this.slotsInUse;
    let owed = 0;
    for (const effects of turn.dags) {
      if (lost.has(effects.dagId)) continue;
      if (this.holders.get(effects.dagId) !== turn.schedulerId) {
        throw new Violation(
          'claimed',
          `${turn.schedulerId} wrote ${effects.dagId}, which ${this.holders.get(effects.dagId)} holds`,
        );
      }
      owed += this.#apply(effects);
    }
    const taken = this.slotsInUse - slotsBefore;
    if (taken > owed && this.slotsInUse > readings.parallelism + owed) {
      throw new Violation(
        'I6',
        `${taken} slots more make ${this.slotsInUse}, beyond the parallelism of ${readings.parallelism} that the scheduler had read`,
      );
    }
  }

  /** Whether the database has what this answer to a runner stands for. */
  acknowledged(attemptId: number, grantNumber: number): void {
    const attempt = this.attempts.get(attemptId);
    const callback = this.callbacks.get(attemptId);
    const isKept =
      attempt?.isOver === true ||
      (attempt !== undefined && attempt.grantNumber > grantNumber) ||
      attempt?.state === 'up_for_reschedule' ||
      attempt?.state === 'deferred' ||
      callback?.isOver === true ||
      this.isReported(attemptId, grantNumber);
    if (!isKept)
      throw new Violation(
        'I3',
        `the outcome of attempt ${attemptId}.${grantNumber} was accepted and is nowhere`,
      );
  }

  /** Returns how many slots were taken that were owed. */
  #apply(effects: DagEffects): number {
    for (const { id } of effects.intentsDecided) {
      if (this.#decided.has(id)) throw new Violation('asked', `intent ${id} is decided again`);
      this.#decided.add(id);
    }
    if (effects.dag?.isPaused !== undefined) this.paused.set(effects.dagId, effects.dag.isPaused);
    for (const { key, dagId, state } of [...effects.backfillsInserted, ...effects.backfillsUpdated]) {
      if (state === 'running' || state === 'paused') this.backfills.set(key, dagId);
      else this.backfills.delete(key);
    }
    for (const run of effects.runsInserted) this.#insertRun(run);
    for (const run of effects.runsUpdated) this.#updateRun(run, effects);
    for (const { type, data } of effects.events) {
      if (type !== 'group_retry') continue;
      const { groupId, tryNumber, maxTries } = JSON.parse(data!) as {
        groupId: string;
        tryNumber: number;
        maxTries: number;
      };
      if (tryNumber > maxTries)
        throw new Violation('I8', `group ${groupId} makes try ${tryNumber} of ${maxTries}`);
    }
    const paths = pathsOf(effects.events);
    const moves: { task: LedgerTask; path: readonly TaskState[] }[] = [];
    for (const move of effects.tasksMoved) moves.push(this.#updateTask(move, paths));
    for (const row of effects.tasksInserted) {
      this.tasks.set(row.key, row);
      moves.push({ task: row, path: paths.get(row.key) ?? [row.state as TaskState] });
    }
    for (const row of effects.tasksUpdated) moves.push(this.#updateTask(row, paths));
    for (const row of effects.attemptsInserted) this.#insertAttempt(row);
    for (const row of effects.attemptsUpdated) this.#updateAttempt(row);
    for (const { key, dagId, grantNumber } of effects.callbacksInserted)
      this.callbacks.set(key, { dagId, grantNumber, isOver: false });
    for (const { key, newGrant, state } of effects.callbacksUpdated) {
      const callback = this.callbacks.get(key);
      if (callback !== undefined)
        this.callbacks.set(key, { ...callback, grantNumber: newGrant, isOver: state !== 'pending' });
    }
    this.#checkMoves(moves, effects);
    return moves.filter(
      ({ task, path }) => HOLDING.has(task.state) && !HOLDING.has(path[0]!) && this.#isOnKill(task),
    ).length;
  }

  #isOnKill({ attemptId }: LedgerTask): boolean {
    return attemptId !== null && this.attempts.get(attemptId)?.state === 'on_kill';
  }

  #insertRun(run: DagRunTable): void {
    if (run.slot !== null) {
      const twin = [...this.runs.values()].find(
        ({ dagId, slot }) => dagId === run.dagId && slot === run.slot,
      );
      if (twin !== undefined)
        throw new Violation('I1', `${twin.runId} and ${run.runId} have the slot ${run.slot}`);
    }
    this.runs.set(run.key, run);
  }

  #updateRun({ from: _, ...update }: RunUpdate, { events }: DagEffects): void {
    const before = this.runs.get(update.key);
    if (before === undefined) throw new Violation('rebuilt', `run ${update.key} changed and was never made`);
    const wasOver = before.state === 'success' || before.state === 'failed';
    if (wasOver && before.state !== update.state && !events.some(isSaid)) {
      throw new Violation(
        'I5',
        `${before.runId} goes from ${before.state} to ${update.state}, and nothing says why`,
      );
    }
    this.runs.set(update.key, { ...before, ...update });
  }

  #updateTask(
    { from: _, ...update }: TaskUpdate | TaskMove,
    paths: ReadonlyMap<number, readonly TaskState[]>,
  ): { task: LedgerTask; path: readonly TaskState[] } {
    const before = this.tasks.get(update.key);
    if (before === undefined)
      throw new Violation('rebuilt', `task instance ${update.key} changed and was never made`);
    const task = { ...before, ...update };
    const path = paths.get(update.key) ?? [before.state as TaskState];
    if (path[0] !== before.state || path.at(-1) !== task.state) {
      throw new Violation(
        'rebuilt',
        `${nameOf(task)} went ${path.join(' > ')} by its event, from ${before.state} to ${task.state} by its row`,
      );
    }
    this.tasks.set(update.key, task);
    // Of a task that its version has no more nobody knows here what it may.
    const retries = this.#specOf(task)?.retries ?? Number.POSITIVE_INFINITY;
    // A try that was not made, since what is above it was cleared, is not missed.
    const isUnmade = path.some((state, i) => state === 'scheduled' && path[i + 1] === 'none');
    if (task.maxTries > Math.max(before.maxTries + Number(isUnmade), task.tryNumber + retries)) {
      throw new Violation('I8', `${nameOf(task)} may now make ${task.maxTries + 1} tries`);
    }
    return { task, path };
  }

  #insertAttempt(row: NewAttempt): void {
    this.attempts.set(row.attemptId, { ...row, isOver: false });
    const task = this.tasks.get(row.taskInstanceKey)!;
    if (row.tryNumber > task.maxTries + 1)
      throw new Violation('I8', `${nameOf(task)} makes try ${row.tryNumber} of ${task.maxTries + 1}`);
    if (task.infraNumber > INFRA_CAP)
      throw new Violation('I8', `${nameOf(task)} was lost ${task.infraNumber} times`);
  }

  #updateAttempt({ attemptId, grantNumber, newGrant, state, endDate, error }: AttemptUpdate): void {
    const attempt = this.attempts.get(attemptId);
    if (attempt === undefined)
      throw new Violation('rebuilt', `attempt ${attemptId} changed and was never made`);
    if (attempt.isOver)
      throw new Violation('I2', `attempt ${attemptId} was ${attempt.state} and becomes ${state}`);
    if (attempt.grantNumber !== grantNumber)
      throw new Violation(
        'claimed',
        `attempt ${attemptId} was written under grant ${grantNumber} of ${attempt.grantNumber}`,
      );
    attempt.state = state;
    attempt.grantNumber = newGrant;
    attempt.isOver = endDate !== null;
    if (!attempt.isOver) return;
    if (state === 'lost') this.onLost(attemptId, newGrant, error ?? '');
    if (!RESULTS.has(state)) return;
    const key = `${attempt.taskInstanceKey}/${attempt.tryNumber}`;
    const other = this.#results.get(key);
    if (other !== undefined)
      throw new Violation(
        'I2',
        `try ${attempt.tryNumber} of ${attempt.taskId} has the results of attempts ${other} and ${attemptId}`,
      );
    this.#results.set(key, attemptId);
  }

  /** Told of each attempt that counts as lost. */
  onLost: (attemptId: number, grantNumber: number, error: string) => void = () => undefined;

  #checkMoves(
    moves: readonly { readonly task: LedgerTask; readonly path: readonly TaskState[] }[],
    effects: DagEffects,
  ): void {
    const isExplained = effects.events.some(isSaid);
    const passed = new Map(moves.map(({ task, path }) => [task.key, path]));
    for (const { task, path } of moves) {
      try {
        assertLegalPath(nameOf(task), path);
      } catch (error) {
        throw new Violation('I5', (error as Error).message);
      }
      path.forEach((state, i) => {
        const next = path[i + 1];
        if (next === undefined || next === state) return;
        const isMapping = state === 'removed' || next === 'removed';
        if (isFinished(state) && !isMapping && !isExplained)
          throw new Violation('I5', `${nameOf(task)} goes from ${state} to ${next}, and nothing says why`);
        if (state === 'none' && next === 'scheduled') this.#checkStart(task, passed);
      });
    }
  }

  #checkStart(task: LedgerTask, passed: ReadonlyMap<number, readonly TaskState[]>): void {
    const run = this.runs.get(task.runKey)!;
    const dag = this.#versions(run.version);
    const spec = dag.tasks.find(({ taskId }) => taskId === task.taskId);
    if (spec === undefined || !isPlain(dag, spec)) return;
    const chosen = run.taskIds === null ? null : (JSON.parse(run.taskIds) as string[]);
    // A backfill of some tasks leaves the edges of the others out.
    if (chosen !== null) return;
    const siblings = this.tasksOf(task.runKey);
    const upstream = spec.upstream.flatMap((id) => siblings.filter(({ taskId }) => taskId === id));
    const states = upstream.map(({ key, state }) => new Set<string>([state, ...(passed.get(key) ?? [])]));
    if (mayStart(spec.triggerRule, states)) return;
    throw new Violation(
      'I14',
      `${nameOf(task)} (${spec.triggerRule}) starts while its upstream is ${upstream.map((of) => `${of.taskId} ${of.state}`).join(', ')}`,
    );
  }

  #specOf({ runKey, taskId }: LedgerTask): SerializedTask | undefined {
    const run = this.runs.get(runKey);
    return run === undefined
      ? undefined
      : this.#versions(run.version).tasks.find((task) => task.taskId === taskId);
  }
}

/** Its rule looks at all instances of its upstream tasks and at nothing else. */
function isPlain(dag: SerializedDag, { groupId, expand, isTeardown }: SerializedTask): boolean {
  return groupId === null && expand === undefined && !isTeardown && !dag.tasks.some(({ isSetup }) => isSetup);
}

/** Somebody asked for it, or a backfill did, or a task of another DAG; or its group begins again. */
function isSaid({ type, actor }: NewEvent): boolean {
  return (
    type === 'intent_applied' ||
    type === 'group_restarted' ||
    (type === 'run_state' && actor !== null && actor !== 'scheduler')
  );
}

function pathsOf(events: readonly NewEvent[]): ReadonlyMap<number, readonly TaskState[]> {
  const paths = new Map<number, readonly TaskState[]>();
  for (const event of events) {
    if (event.type !== 'task_state') continue;
    const { path } = JSON.parse(event.data ?? '{}') as { path?: TaskState[] };
    paths.set(event.taskInstanceKey!, path ?? [event.fromState as TaskState, event.toState as TaskState]);
  }
  return paths;
}

export const nameOf = ({
  taskId,
  mapPath,
  runKey,
}: Pick<LedgerTask, 'taskId' | 'mapPath' | 'runKey'>): string =>
  `${taskId}${mapPath === '' ? '' : ` [${mapPath}]`} of run ${runKey}`;
