import { EventEmitter, once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LogLine, readAttemptLog } from '@tsflow/core/logs';
import type { RunnerPort } from '@tsflow/core/store';
import {
  type Executor,
  type ExecutorEvents,
  type GoneReport,
  LocalExecutor,
  type LocalExecutorOptions,
  type NamedReport,
  nearestNodeModules,
  type OutcomeReport,
  type StartedReport,
  type TaskQuestion,
  type VersionFile,
  type Workload,
} from '@tsflow/scheduler/executors';
import { InlineExecutor } from '@tsflow/scheduler/executors/inline';
import { type LogRange, TaskApiServer, taskApiSocketPath } from '@tsflow/scheduler/task-api';

/** A DAG file for tests, as the dag processor would have bundled it. */
export function bundleFile(code: string, entry = 'dag.bundle.mjs'): readonly VersionFile[] {
  return [
    {
      path: entry,
      content: `import { DAG, Operator, task, BashOperator, TaskSkipped, TaskFailed, TaskRescheduled, Variable } from '@tsflow/core';\n${code}`,
    },
  ];
}

/** Runner rows in memory: what the store keeps for the next scheduler. */
export class RunnerRows implements RunnerPort {
  readonly rows = new Map<string, Parameters<RunnerPort['started']>[0]>();

  async started(runner: Parameters<RunnerPort['started']>[0]): Promise<void> {
    this.rows.set(runner.runnerId, runner);
  }

  async ended(runnerId: string, at: number): Promise<void> {
    const row = this.rows.get(runnerId);
    if (row !== undefined) this.rows.set(runnerId, { ...row, endedAt: at });
  }

  async open(host: string): Promise<readonly Parameters<RunnerPort['started']>[0][]> {
    return [...this.rows.values()].filter((row) => row.host === host && row.endedAt === null);
  }
}

/** What an executor reported, in order, and a way to wait for what it will report. */
export class RecordedEvents implements ExecutorEvents {
  readonly startedReports: StartedReport[] = [];
  readonly outcomes: OutcomeReport[] = [];
  readonly goneReports: GoneReport[] = [];
  readonly names: NamedReport[] = [];
  readonly groups: { attemptId: number; processGroup: number }[] = [];
  readonly questions: TaskQuestion[] = [];
  answer: (question: TaskQuestion) => unknown = () => null;
  /** Told of each outcome; accepts it unless a test wants otherwise. */
  onOutcome: (report: OutcomeReport) => void = () => undefined;
  readonly #changed = new EventEmitter();

  named(report: NamedReport): void {
    this.names.push(report);
    this.#changed.emit('report');
  }

  started(report: StartedReport): void {
    this.startedReports.push(report);
    this.#changed.emit('report');
  }

  outcome(report: OutcomeReport): void {
    this.outcomes.push(report);
    this.onOutcome(report);
    this.#changed.emit('report');
  }

  gone(report: GoneReport): void {
    this.goneReports.push(report);
    this.#changed.emit('report');
  }

  group(attemptId: number, _grantNumber: number, processGroup: number): void {
    this.groups.push({ attemptId, processGroup });
    this.#changed.emit('report');
  }

  async ask(question: TaskQuestion): Promise<unknown> {
    this.questions.push(question);
    this.#changed.emit('report');
    return this.answer(question);
  }

  async until<T>(find: () => T | undefined): Promise<T> {
    for (let found = find(); ; found = find()) {
      if (found !== undefined) return found;
      await once(this.#changed, 'report');
    }
  }

  outcomeOf(attemptId: number): Promise<OutcomeReport> {
    return this.until(() => this.outcomes.find((report) => report.attemptId === attemptId));
  }

  startOf(attemptId: number): Promise<StartedReport> {
    return this.until(() => this.startedReports.find((report) => report.attemptId === attemptId));
  }

  endOf(attemptId: number): Promise<GoneReport> {
    return this.until(() => this.goneReports.find((report) => report.attemptId === attemptId));
  }
}

/** A home in a temporary directory, inside of which executors come and go. */
export class ExecutorHarness implements AsyncDisposable {
  readonly home: string;
  readonly rows = new RunnerRows();
  readonly versions = new Map<string, readonly VersionFile[]>();
  events = new RecordedEvents();
  #executor: Executor | null = null;
  server: TaskApiServer | null = null;
  #lastAttempt = 0;

  constructor() {
    this.home = realpathSync(mkdtempSync(join(tmpdir(), 'tsflow-executor-')));
    mkdirSync(join(this.home, 'versions'));
  }

  static async start(
    kind: 'local' | 'inline',
    code: string,
    options: Partial<LocalExecutorOptions> = {},
  ): Promise<ExecutorHarness> {
    const harness = new ExecutorHarness();
    harness.versions.set('v1', bundleFile(code));
    if (kind === 'local') await harness.startLocal(options);
    else await harness.#startInline(options);
    return harness;
  }

  get executor(): Executor {
    return this.#executor!;
  }

  /** A new executor on the same home, as after a restart of the scheduler. */
  async startLocal(options: Partial<LocalExecutorOptions> = {}): Promise<void> {
    this.events = new RecordedEvents();
    const server = new TaskApiServer({
      socketPath: taskApiSocketPath(this.home),
      ...(options.settings === undefined ? {} : { settings: options.settings }),
    });
    await server.start();
    this.server = server;
    const executor = new LocalExecutor({
      home: this.home,
      schedulerId: 'test',
      warmRunners: 1,
      events: this.events,
      server,
      runners: this.rows,
      versions: { files: async (bundle) => this.versions.get(bundle)! },
      nodeModules: nearestNodeModules(resolve(import.meta.dirname)),
      ...options,
    });
    this.#executor = executor;
    this.events.onOutcome = ({ attemptId, grantNumber }) => executor.accept(attemptId, grantNumber);
    await executor.start();
  }

  async #startInline(options: Partial<LocalExecutorOptions>): Promise<void> {
    const { ensureVersionDirectory } = await import('@tsflow/scheduler/executors');
    for (const [bundle, files] of this.versions) {
      await ensureVersionDirectory(this.home, bundle, async () => files, {
        nodeModules: nearestNodeModules(resolve(import.meta.dirname)),
      });
    }
    this.#executor = new InlineExecutor({
      home: this.home,
      events: this.events,
      concurrency: options.concurrency ?? 16,
      ...(options.settings?.killGraceMs === undefined ? {} : { killGraceMs: options.settings.killGraceMs }),
    });
    await this.executor.start();
  }

  workload(taskId: string, change: Partial<Workload> = {}): Workload {
    this.#lastAttempt += 1;
    return {
      kind: 'execute',
      attemptId: this.#lastAttempt,
      grantNumber: 1,
      dagId: 'test',
      runId: 'manual__2026-01-01T00:00:00.000Z',
      taskId,
      mapPath: '',
      tryNumber: 1,
      infraNumber: 0,
      maxTries: 0,
      version: 'v1',
      bundle: 'v1',
      entry: 'dag.bundle.mjs',
      runType: 'manual',
      logicalDate: '2026-01-01T00:00:00.000Z',
      dataInterval: { start: '2025-12-31T00:00:00.000Z', end: '2026-01-01T00:00:00.000Z' },
      timezone: 'UTC',
      conf: {},
      inputs: {},
      executionTimeoutMs: null,
      timeLeftMs: change.executionTimeoutMs ?? null,
      calls: 0,
      partition: null,
      begunAt: '2026-01-01T00:00:00.000Z',
      isolation: 'warm',
      savedState: null,
      ...change,
    };
  }

  /** Submits one attempt. */
  submit(taskId: string, change: Partial<Workload> = {}): Workload {
    const workload = this.workload(taskId, change);
    this.executor.submit([workload]);
    return workload;
  }

  /** Submits one attempt and waits for its outcome. */
  async run(taskId: string, change: Partial<Workload> = {}) {
    const { attemptId } = this.submit(taskId, change);
    return this.events.outcomeOf(attemptId);
  }

  /** All lines of an attempt; those of a quiet one may reach the disk a moment after its end. */
  async log(attemptId: number, range: LogRange): Promise<readonly LogLine[]> {
    for (;;) {
      const page = await readAttemptLog(
        join(this.home, 'logs'),
        { ...range, attemptId },
        { limitBytes: 2 ** 22 },
      );
      if (range.end === null || page.nextOffset === range.end - range.start) return page.lines;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Ends executor and server as their scheduler's death would: nothing is said to anybody. */
  async stopLocal(): Promise<void> {
    await this.#executor?.stop();
    await this.server?.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopLocal();
    for (const { pid, endedAt } of this.rows.rows.values()) {
      if (endedAt !== null) continue;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}
