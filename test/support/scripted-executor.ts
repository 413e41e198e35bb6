import type { Json, JsonObject } from '@tsflow/core/json';
import type {
  AdoptableAttempt,
  Executor,
  ExecutorEvents,
  LostAttempt,
  TaskQuestion,
  Workload,
} from '@tsflow/scheduler/executors';
import type { AttemptQuestion } from '@tsflow/scheduler/runner';

/** What a workload's outcome shall be; null: it goes on until `finish` or `cancel`. */
export type Script = (workload: Workload) => Parameters<ExecutorEvents['outcome']>[0]['outcome'] | null;

/**
 * An executor whose tasks are written down in the test instead of being processes: for what the scheduler decides, not for how
 * processes behave.
 */
export class ScriptedExecutor implements Executor {
  readonly granted: Workload[] = [];
  readonly accepted: number[] = [];
  readonly fenced: number[] = [];
  /** Bundles whose code was to be loaded ahead. */
  readonly preloaded: string[] = [];
  /** Whether a runner comes to what is granted. */
  hasRunners = true;
  readonly #events: ExecutorEvents;
  readonly #script: Script;
  readonly #now: () => number;
  readonly #running = new Map<number, Workload>();
  /** Ends that were reported and not answered: they are not lost when the scheduler asks. */
  readonly #reported = new Set<string>();
  #lastSeq = 0;
  #concurrency = Number.POSITIVE_INFINITY;

  constructor(events: ExecutorEvents, script: Script, now: () => number = Date.now) {
    this.#events = events;
    this.#script = script;
    this.#now = now;
  }

  get running(): readonly Workload[] {
    return [...this.#running.values()];
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  submit(workloads: readonly Workload[]): void {
    for (const workload of workloads) {
      this.granted.push(workload);
      this.#running.set(workload.attemptId, workload);
      if (!this.hasRunners) continue;
      const outcome = this.#script(workload);
      if (outcome === null) this.begin(workload);
      else setImmediate(() => this.finish(workload, outcome));
    }
  }

  /** Reports that an attempt has begun. */
  begin({ attemptId, grantNumber }: Workload): void {
    this.#events.started({
      attemptId,
      grantNumber,
      atMs: this.#now(),
      ...runner,
      log: { ...log, end: null },
    });
  }

  /** Reports the end of an attempt, also of one that was replaced meanwhile. */
  finish(
    { attemptId, grantNumber }: Workload,
    outcome: Parameters<ExecutorEvents['outcome']>[0]['outcome'],
  ): void {
    this.#running.delete(attemptId);
    this.#reported.add(`${attemptId}/${grantNumber}`);
    const at = this.#now();
    this.#events.outcome({
      attemptId,
      grantNumber,
      startedAtMs: at,
      endedAtMs: at,
      outcome,
      rendered: null,
      ...runner,
      log,
    });
  }

  /** Saves state as the task does; resolves when it is written. */
  async save({ attemptId, grantNumber }: Workload, savedState: JsonObject | null): Promise<void> {
    await this.#events.ask({ verb: 'state', seq: ++this.#lastSeq, attemptId, grantNumber, savedState });
  }

  /** Asks what a task asks while it runs. */
  ask({ attemptId, grantNumber }: Workload, question: AttemptQuestion): Promise<Json | undefined> {
    const asked = { ...question, attemptId, grantNumber, seq: ++this.#lastSeq } as TaskQuestion;
    return this.#events.ask(asked) as Promise<Json | undefined>;
  }

  /** Reports how people call the map index of an attempt. */
  name({ attemptId, grantNumber }: Workload, renderedMapIndex: string): void {
    this.#events.named({ attemptId, grantNumber, renderedMapIndex });
  }

  /** Reports that an attempt leads a process group. */
  group({ attemptId, grantNumber }: Workload, processGroup: number): void {
    this.#events.group(attemptId, grantNumber, processGroup);
  }

  lose({ attemptId, grantNumber }: Workload, reason: string): void {
    this.#running.delete(attemptId);
    this.#events.gone({ attemptId, grantNumber, cancelled: false, reason, atMs: this.#now() });
  }

  cancel(attemptId: number, grantNumber: number, reason: string): void {
    this.#running.delete(attemptId);
    setImmediate(() =>
      this.#events.gone({ attemptId, grantNumber, cancelled: true, reason, atMs: this.#now() }),
    );
  }

  accept(attemptId: number, grantNumber: number): void {
    this.#reported.delete(`${attemptId}/${grantNumber}`);
    this.accepted.push(attemptId);
  }

  fence(attemptId: number, grantNumber: number): void {
    this.#reported.delete(`${attemptId}/${grantNumber}`);
    this.fenced.push(attemptId);
  }

  async adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]> {
    return attempts
      .filter(
        ({ attemptId, grantNumber }) =>
          !this.#running.has(attemptId) && !this.#reported.has(`${attemptId}/${grantNumber}`),
      )
      .map(({ attemptId, grantNumber, runnerId }) => {
        return { attemptId, grantNumber, started: runnerId !== null, reason: 'its runner is gone' };
      });
  }

  setConcurrency(limit: number): void {
    this.#concurrency = limit;
  }

  preload(bundle: string): void {
    this.preloaded.push(bundle);
  }
}

const runner = { runnerId: 'scripted', host: 'test', pid: 1 };
const log = { segment: 'scripted.jsonl', start: 0, end: 0 };
