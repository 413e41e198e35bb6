import type { Checks } from './checks.ts';
import type { Ask, AttemptRow, DagRow, Event, IntentRow, SchedulerRow, TaskRow, TaskState } from './rows.ts';

export const LIMIT = 2;

/** A scheduler's working copy of one DAG that it holds. */
export interface DagWork {
  readonly dag: DagRow;
  readonly tasks: Map<number, TaskRow>;
  readonly attempts: Map<number, AttemptRow>;
}

/** What a turn does to one DAG. Rows are whole; the writes are blind, so that nothing but the checks protects them. */
export interface DagEffects {
  readonly dagId: string;
  readonly epoch: number;
  isPaused: boolean | null;
  mark: number | null;
  readonly tasks: Map<number, TaskRow>;
  /** The state of each of these tasks when the turn was decided; null: it is new. */
  readonly from: Map<number, TaskState | null>;
  readonly attempts: Map<number, AttemptRow>;
  slots: number;
  readonly decided: number[];
  readonly events: Event[];
}

export interface Turn {
  readonly schedulerId: string;
  readonly turn: number;
  readonly dags: readonly DagEffects[];
}

export type TurnResult =
  | { readonly status: 'committed'; readonly lostDags: readonly string[] }
  | { readonly status: 'fenced' }
  | { readonly status: 'counters_refused' }
  /** The belt: a row is not what the turn was decided on. */
  | { readonly status: 'rows_refused' };

/** The truth, in memory. Every method is one transaction: it happens whole, or not at all. */
export class Database {
  readonly schedulers = new Map<string, SchedulerRow>();
  readonly dags = new Map<string, DagRow>();
  readonly tasks = new Map<number, TaskRow>();
  readonly attempts = new Map<number, AttemptRow>();
  readonly intents: IntentRow[] = [];
  readonly events: Event[] = [];
  slotsUsed = 0;
  readonly #checks: Checks;
  #nextKey = 1;

  constructor(checks: Checks, dagIds: readonly string[]) {
    this.#checks = checks;
    for (const dagId of dagIds) {
      this.dags.set(dagId, { dagId, holder: null, epoch: 0, isPaused: false, mark: 0 });
    }
  }

  reserveKey(): number {
    return this.#nextKey++;
  }

  register(id: string, wall: number): void {
    this.schedulers.set(id, { id, turn: 0, beat: 0, beatAt: wall, isRetired: false });
  }

  /** False: it was retired and has to stop. */
  beat(id: string, wall: number): boolean {
    const row = this.schedulers.get(id)!;
    if (row.isRetired && this.#checks.retiredStopsAtBeat) return false;
    this.schedulers.set(id, { ...row, beat: row.beat + 1, beatAt: wall });
    return true;
  }

  /** Retires a scheduler whose beat is still `beat`, and frees its DAGs. */
  retire(id: string, beat: number): void {
    const row = this.schedulers.get(id)!;
    if (row.beat !== beat && this.#checks.beatUnchangedInTakeover) return;
    this.schedulers.set(id, { ...row, isRetired: true });
    for (const dag of this.dags.values()) if (dag.holder === id) this.release(id, dag.dagId);
  }

  release(id: string, dagId: string): void {
    const dag = this.dags.get(dagId)!;
    if (dag.holder === id) this.dags.set(dagId, { ...dag, holder: null });
  }

  /** Takes a DAG that nobody holds. */
  acquire(id: string): DagRow | null {
    if (this.schedulers.get(id)!.isRetired && this.#checks.retiredStopsAtBeat) return null;
    const free = [...this.dags.values()].find((dag) => dag.holder === null);
    if (free === undefined) return null;
    const taken = { ...free, holder: id, epoch: free.epoch + 1 };
    this.dags.set(free.dagId, taken);
    this.events.push({ type: 'lease', dagId: free.dagId, epoch: taken.epoch, holder: id });
    return taken;
  }

  load(dagId: string): DagWork {
    const tasks = new Map([...this.tasks].filter(([, task]) => task.dagId === dagId));
    const attempts = new Map([...this.attempts].filter(([, attempt]) => tasks.has(attempt.taskKey)));
    return { dag: this.dags.get(dagId)!, tasks, attempts };
  }

  /** An intent whose key is known is the one that came before. */
  submit(dagId: string, key: string, askId: number | null, ask: Ask): void {
    if (this.#checks.idempotencyKey && this.intents.some((intent) => intent.key === key)) return;
    this.intents.push({ id: this.intents.length, dagId, key, askId, ask, isDecided: false });
  }

  commit(turn: Turn): TurnResult {
    const scheduler = this.schedulers.get(turn.schedulerId)!;
    if (this.#checks.turnFence && scheduler.turn !== turn.turn) return { status: 'fenced' };
    if (this.#checks.retiredRefusedInCommit && scheduler.isRetired) return { status: 'fenced' };
    const isHeld = ({ dagId, epoch }: DagEffects) => {
      const dag = this.dags.get(dagId)!;
      return dag.holder === turn.schedulerId && dag.epoch === epoch;
    };
    const lost = turn.dags.filter((effects) => !isHeld(effects));
    const written = this.#checks.dagEpochInCommit ? turn.dags.filter(isHeld) : turn.dags;
    if (this.#checks.compareAndSet && !written.every((effects) => this.#isAsDecided(effects))) {
      return { status: 'rows_refused' };
    }
    const slots = written.reduce((sum, effects) => sum + effects.slots, 0);
    if (this.#checks.counterInTransaction) {
      if (slots > 0 && this.slotsUsed + slots > LIMIT) return { status: 'counters_refused' };
      this.slotsUsed += slots;
    }
    this.schedulers.set(scheduler.id, { ...scheduler, turn: scheduler.turn + 1 });
    for (const effects of written) this.#write(effects);
    return { status: 'committed', lostDags: lost.map(({ dagId }) => dagId) };
  }

  /** Only without `counterInTransaction`. */
  moveSlots(delta: number): void {
    this.slotsUsed += delta;
  }

  markDecided(intentIds: readonly number[]): void {
    for (const id of intentIds) this.intents[id] = { ...this.intents[id]!, isDecided: true };
  }

  #isAsDecided({ from }: DagEffects): boolean {
    return [...from].every(([key, state]) => (this.tasks.get(key)?.state ?? null) === state);
  }

  #write({ dagId, isPaused, mark, tasks, attempts, decided, events }: DagEffects): void {
    const dag = this.dags.get(dagId)!;
    this.dags.set(dagId, { ...dag, isPaused: isPaused ?? dag.isPaused, mark: mark ?? dag.mark });
    for (const [key, task] of tasks) this.tasks.set(key, task);
    for (const [id, attempt] of attempts) this.attempts.set(id, attempt);
    if (this.#checks.intentConsumedInTransaction) this.markDecided(decided);
    this.events.push(...events);
  }
}
