import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Json } from '@tsflow/core/json';
import { type LoadedBundle, loadBundle } from '@tsflow/core/loader';
import { AttemptLog, type LogSegment, LogSegments, SecretMasker } from '@tsflow/core/logs';
import pLimit, { type LimitFunction } from 'p-limit';
import { signalGroup } from '../../processes/process-table.ts';
import { Attempt } from '../../runner/attempt.ts';
import type { AttemptQuestion } from '../../runner/task-context.ts';
import type { Workload } from '../../task-api/protocol.ts';
import type { AdoptableAttempt, Executor, ExecutorEvents, LostAttempt, TaskQuestion } from '../executor.ts';

export interface InlineExecutorOptions {
  readonly events: ExecutorEvents;
  /** Logs go below `<home>/logs`. */
  readonly home: string;
  /** Where the bundle of a workload is. Default: in its version's directory below the home. */
  readonly bundlePath?: (workload: Workload) => { readonly path: string; readonly sourceRoot: string };
  /** Loads the code of a workload. Default: its bundle. For tests that have the DAG in their hands already. */
  readonly load?: (workload: Workload) => Promise<LoadedBundle>;
  /** Where the lines of an attempt go that begins now. Default: a segment of its own below `<home>/logs`. */
  readonly openLog?: (attemptId: number) => LogSegment;
  /** Most attempts at once, also where the scheduler allows more: 1 keeps apart what tasks print. Default: as many as it allows. */
  readonly concurrency?: number;
  readonly killGraceMs?: number;
  readonly maxXComBytes?: number;
  readonly clock?: Clock;
  /** How tasks that sleep pass time. Default: really. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What commands get in their environment besides. */
  readonly commandEnvironment?: Readonly<Record<string, string>>;
}

interface Running {
  readonly workload: Workload;
  readonly groups: Set<number>;
  attempt: Attempt | null;
  cancelled: string | null;
  fenced: boolean;
  graceTimer: NodeJS.Timeout | null;
}

const RUNNER_ID = 'inline';

/**
 * Runs attempts in this very process, through the same steps as a runner: for `tsflow dags test` and unit tests, where a debugger
 * shall stop in the task. Nothing protects this process from the task; code that does not react to its signal is given up, not ended.
 */
export class InlineExecutor implements Executor {
  readonly #options: InlineExecutorOptions;
  readonly #clock: Clock;
  readonly #limit: LimitFunction;
  readonly #running = new Map<number, Running>();
  readonly #processName = `inline-${randomBytes(6).toString('hex')}`;
  #paused: boolean;
  #held: (() => void)[] = [];
  #lastSeq = 0;
  /** Each attempt writes to a segment of its own: several may run at once. */
  #lastLog = 0;
  readonly #work = new Set<Promise<void>>();

  constructor(options: InlineExecutorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limit = pLimit(Math.max(1, options.concurrency ?? Number.POSITIVE_INFINITY));
    this.#paused = options.concurrency === 0;
  }

  /** Attempts that have not ended. */
  get running(): number {
    return this.#running.size;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    for (const { workload } of [...this.#running.values()]) {
      this.cancel(workload.attemptId, workload.grantNumber, 'the process ends', 0);
    }
    await Promise.all(this.#work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  submit(workloads: readonly Workload[]): void {
    for (const workload of workloads) {
      const before = this.#running.get(workload.attemptId);
      if (before !== undefined) {
        if (before.workload.grantNumber >= workload.grantNumber) continue;
        this.fence(workload.attemptId, before.workload.grantNumber);
      }
      const running: Running = {
        workload,
        groups: new Set(),
        attempt: null,
        cancelled: null,
        fenced: false,
        graceTimer: null,
      };
      this.#running.set(workload.attemptId, running);
      // What waits, or ends something, does not stand in line with those that work.
      const begun =
        workload.kind === 'execute' ? this.#limit(() => this.#admit(running)) : this.#run(running);
      const work: Promise<void> = begun.finally(() => this.#work.delete(work));
      this.#work.add(work);
    }
  }

  cancel(attemptId: number, grantNumber: number, reason: string, graceMs: number): void {
    const running = this.#running.get(attemptId);
    if (running?.workload.grantNumber !== grantNumber || running.cancelled !== null) return;
    running.cancelled = reason;
    if (running.attempt === null) {
      this.#gone(running, reason);
      return;
    }
    const { attempt, groups } = running;
    attempt.cancel(reason);
    for (const group of groups) signalGroup(group, 'SIGTERM');
    running.graceTimer = setTimeout(() => {
      for (const group of groups) signalGroup(group, 'SIGKILL');
      attempt.fail(new Error(`The task did not stop within ${graceMs} ms.`));
    }, graceMs);
  }

  accept(): void {}

  fence(attemptId: number, grantNumber: number): void {
    const running = this.#running.get(attemptId);
    if (running?.workload.grantNumber !== grantNumber) return;
    running.fenced = true;
    this.cancel(attemptId, grantNumber, 'a newer grant exists', 0);
  }

  /** Attempts of this process die with it. */
  async adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]> {
    return attempts.map(({ attemptId, grantNumber, runnerId }) => ({
      attemptId,
      grantNumber,
      started: runnerId !== null,
      reason: 'it ran inside of a process that is gone',
    }));
  }

  setConcurrency(limit: number): void {
    const whole = Math.max(0, Math.floor(limit));
    if (!Number.isFinite(whole)) return;
    this.#paused = whole === 0;
    if (this.#paused) return;
    this.#limit.concurrency = Math.min(whole, this.#options.concurrency ?? whole);
    for (const go of this.#held.splice(0)) go();
  }

  preload(): void {}

  async #admit(running: Running): Promise<void> {
    if (this.#paused) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (running.cancelled === null) await this.#run(running);
  }

  async #run(running: Running): Promise<void> {
    const { workload, groups } = running;
    const { attemptId, grantNumber } = workload;
    const now = () => this.#clock.now();
    const startedAtMs = now();
    const scratch = new ScratchDirectory();
    const masker = new SecretMasker();
    const segment = this.#openLog(attemptId, startedAtMs);
    const log = new AttemptLog({ segment, attemptId, masker, now });
    const { path: bundlePath, sourceRoot } = this.#bundlePath(workload);
    const attempt = new Attempt(workload, {
      ports: {
        ask: (question) => this.#ask(workload, question),
        registerGroup: async (processGroup) => {
          groups.add(processGroup);
          this.#options.events.group(attemptId, grantNumber, processGroup);
        },
        releaseGroup: (processGroup) => groups.delete(processGroup),
      },
      log,
      masker,
      get scratchDir() {
        return scratch.path;
      },
      bundlePath,
      load: () => this.#options.load?.(workload) ?? loadBundle(bundlePath, { sourceRoot }),
      killGraceMs: this.#options.killGraceMs ?? 10_000,
      maxXComBytes: this.#options.maxXComBytes,
      now,
      named: (renderedMapIndex) => this.#options.events.named({ attemptId, grantNumber, renderedMapIndex }),
      sleep: this.#options.sleep,
      environment: this.#options.commandEnvironment,
      setTimer: this.#options.clock === undefined ? undefined : (ms, over) => this.#clock.setTimer(ms, over),
    });
    running.attempt = attempt;
    const place = { segment: log.segment, start: log.start };
    const who = { runnerId: RUNNER_ID, host: hostname(), pid: process.pid };
    this.#options.events.started({
      attemptId,
      grantNumber,
      atMs: startedAtMs,
      log: { ...place, end: null },
      ...who,
    });
    const { outcome, endedAtMs, rendered, renderedMapIndex } = await attempt.run();
    clearTimeout(running.graceTimer ?? undefined);
    const end = log.close();
    segment.close();
    scratch.remove();
    if (running.cancelled !== null) {
      this.#gone(running, running.cancelled);
      return;
    }
    this.#running.delete(attemptId);
    this.#options.events.outcome({
      attemptId,
      grantNumber,
      startedAtMs,
      endedAtMs,
      outcome,
      rendered,
      ...(renderedMapIndex === undefined ? {} : { renderedMapIndex }),
      log: { ...place, end },
      ...who,
    });
  }

  #openLog(attemptId: number, atMs: number): LogSegment {
    const { home, openLog } = this.#options;
    return (
      openLog?.(attemptId) ??
      new LogSegments(join(home, 'logs'), `${this.#processName}-${++this.#lastLog}`).current(atMs)
    );
  }

  #gone(running: Running, reason: string): void {
    const { attemptId, grantNumber } = running.workload;
    if (this.#running.get(attemptId) === running) this.#running.delete(attemptId);
    if (running.fenced) return;
    // Never within the call that caused it: the caller is in the middle of a turn.
    queueMicrotask(() =>
      this.#options.events.gone({ attemptId, grantNumber, cancelled: true, reason, atMs: this.#clock.now() }),
    );
  }

  #ask(workload: Workload, question: AttemptQuestion): Promise<Json | undefined> {
    const { attemptId, grantNumber } = workload;
    const asked = { ...question, attemptId, grantNumber, seq: ++this.#lastSeq } as TaskQuestion;
    return this.#options.events.ask(asked) as Promise<Json | undefined>;
  }

  #bundlePath(workload: Workload): { path: string; sourceRoot: string } {
    const given = this.#options.bundlePath?.(workload);
    if (given !== undefined) return given;
    const sourceRoot = join(this.#options.home, 'versions', workload.bundle);
    return { path: join(sourceRoot, workload.entry), sourceRoot };
  }
}

/** Made when a task asks for it: most do not. */
class ScratchDirectory {
  #path: string | null = null;

  get path(): string {
    this.#path ??= mkdtempSync(join(tmpdir(), 'tsflow-'));
    return this.#path;
  }

  remove(): void {
    if (this.#path !== null) rmSync(this.#path, { recursive: true, force: true });
  }
}
