import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Duration, ParamsSchema } from '@tsflow/core';
import type { Clock } from '@tsflow/core/clock';
import { defaults, validateVariable } from '@tsflow/core/config';
import { type AnyDag, authorFrames, type DAG } from '@tsflow/core/dag';
import { durationMs, formatDuration } from '@tsflow/core/duration';
import { NotFoundError, type SerializedError, TsflowError } from '@tsflow/core/errors';
import type { Intent } from '@tsflow/core/intents';
import type { JsonObject } from '@tsflow/core/json';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import { type SerializedDag, serializeDag } from '@tsflow/core/serialization';
import { isRunFinished } from '@tsflow/core/state';
import type { Store } from '@tsflow/core/store';
import type { ExecutorEvents } from '@tsflow/scheduler/executors';
import { InlineExecutor } from '@tsflow/scheduler/executors/inline';
import { Scheduler } from '@tsflow/scheduler/loop';
import type { DagTestOptions, RunOptions } from './dag-test-options.ts';
import { ManualClock } from './manual-clock.ts';
import { type RunReport, readRunReport } from './run-report.ts';
import { withFakes } from './task-fake.ts';
import { testConnections } from './test-connections.ts';
import { TestLogs } from './test-logs.ts';
import { giveBack, takeStore } from './test-store.ts';
import { withVirtualDate } from './virtual-date.ts';

const DEFAULT_TIME_LIMIT = '30d';
const VERSION = 'test';
/** Nothing is ever written there. */
const CONFIG = defaults(join(tmpdir(), 'tsflow-test'));

/** Thrown when a run in a test cannot end: it waits for what the test does not have, or longer than the test's time limit. */
export class RunStuckError extends TsflowError {
  /** The run as it stands. */
  readonly report: RunReport;

  constructor(why: string, report: RunReport) {
    super('run_stuck', `${why}\n\n${report.story()}`);
    this.report = report;
  }
}

/**
 * A DAG in this process under a virtual clock: the scheduler's own loop, its inline executor and a database in memory. Time stands still
 * while tasks run; nothing waits for real, because the clock jumps from one due time to the next.
 *
 * Made by {@link startDag}. `await using` stops it.
 */
export class DagTest<S extends ParamsSchema | undefined = undefined> implements AsyncDisposable {
  readonly #dag: AnyDag;
  readonly #clock: ManualClock;
  readonly #store: Store;
  readonly #logs = new TestLogs();
  readonly #scheduler: Scheduler;
  readonly #executor: InlineExecutor;
  readonly #timeLimitMs: number;
  readonly #decided = new Map<number, () => void>();
  /** Fakes that wait for virtual time. */
  readonly #waits = new Set<{ readonly at: number; readonly over: () => void }>();
  /** When the limits of attempts that run now are reached. */
  readonly #limits = new Set<{ readonly at: number }>();
  #idle = false;
  #nextDue: number | null = null;
  #failure: Error | null = null;
  #noticed: () => void = () => undefined;

  static async start<S extends ParamsSchema | undefined>(
    dag: DAG<S, unknown>,
    options: DagTestOptions = {},
  ): Promise<DagTest<S>> {
    const test = new DagTest<S>(dag as unknown as AnyDag, options, await takeStore());
    try {
      await test.#start(options);
      return test;
    } catch (error) {
      await test[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(dag: AnyDag, options: DagTestOptions, store: Store) {
    this.#store = store;
    this.#clock = new ManualClock(options.now);
    this.#timeLimitMs = durationMs(options.timeLimit ?? DEFAULT_TIME_LIMIT, 'timeLimit');
    this.#dag = dag;
    const played = withFakes(dag, options.tasks ?? {}, (ms, signal) => this.#pass(ms, signal));
    const file = authorFrames(dag.site)[0]?.file ?? join(process.cwd(), 'dag.ts');
    let executor: InlineExecutor | null = null;
    this.#scheduler = new Scheduler({
      store,
      config: CONFIG,
      logger: this.#logger(),
      clock: this.#clock,
      connections: testConnections(options.connections ?? {}),
      ticks: options.schedule ?? false,
      random: sequence(),
      onIntentDecided: (intentId) => this.#decided.get(intentId)?.(),
      onIdle: (nextDue) => this.#becameIdle(nextDue),
      executor: (events) => {
        executor = new InlineExecutor({
          events: this.#listening(events),
          home: CONFIG.home,
          openLog: (attemptId) => this.#logs.open(attemptId),
          clock: this.#attemptClock(),
          load: async () => ({ dags: [played], readFiles: [] }),
          bundlePath: () => ({ path: file, sourceRoot: dirname(file) }),
        });
        return executor;
      },
    });
    this.#executor = executor!;
    this.#scheduler.onFatal = (error) => this.#fail(error);
  }

  /** What the virtual clock says. */
  get now(): Date {
    return new Date(this.#clock.now());
  }

  /** Starts a run by hand and returns its id; it goes on whenever the test waits for something. */
  async trigger(options: RunOptions<S> = {}): Promise<string> {
    const { conf = {}, logicalDate } = options;
    const when = logicalDate === undefined ? {} : { logicalDate: new Date(logicalDate).toISOString() };
    const answer = await this.ask({ kind: 'trigger', payload: { conf: conf as JsonObject, ...when } });
    return answer.runId as string;
  }

  /**
   * Asks something of the DAG as a person would - clear, mark, kill, pause, backfill - and returns the answer. Throws what it was
   * refused for.
   */
  async ask(intent: Intent): Promise<JsonObject> {
    const id = await this.#store.intents.submit({
      dagId: this.#dag.dagId,
      kind: intent.kind,
      payload: JSON.stringify(intent.payload),
      actor: 'test',
      requestedAt: this.#clock.now(),
      idempotencyKey: null,
    });
    const decided = new Promise<void>((resolve) => this.#decided.set(id, resolve));
    this.#wake('intents');
    await Promise.race([decided, this.#settled().then(() => undefined)]);
    const row = await this.#store.intents.get(id);
    const result = JSON.parse(row?.result ?? '{}') as JsonObject;
    if (row?.state === 'applied') return result;
    const { message } = (result.error ?? { message: 'It was not decided.' }) as unknown as SerializedError;
    throw new TsflowError('refused', message);
  }

  async setVariable(key: string, value: unknown): Promise<void> {
    await storeVariable(this.#store, key, value, this.#clock.now());
    this.#wake('variables');
    await this.#settled();
  }

  /** Lets time pass until the run has ended. Throws {@link RunStuckError} when it cannot. */
  async finished(runId: string): Promise<RunReport> {
    const deadline = this.#clock.now() + this.#timeLimitMs;
    for (;;) {
      await this.#settled();
      const run = await this.#store.turns.run(this.#dag.dagId, runId);
      if (run === null) throw new NotFoundError(`Run of ${this.#dag.dagId}`, runId);
      if (isRunFinished(run.state as 'success')) return this.report(runId);
      const next = this.#next();
      if (next === null)
        throw new RunStuckError('Nothing can move the run any more.', await this.report(runId));
      if (next > deadline) {
        const limit = formatDuration(this.#timeLimitMs);
        throw new RunStuckError(
          `The run has not ended within ${limit} of virtual time.`,
          await this.report(runId),
        );
      }
      await this.#leap(next);
    }
  }

  /** Lets time pass until `instant`: whatever falls due by then happens at its own instant. */
  async advanceTo(instant: Date | string): Promise<void> {
    const until = new Date(instant).getTime();
    for (;;) {
      await this.#settled();
      const next = this.#next();
      if (next === null || next > until) break;
      await this.#leap(next);
    }
    await this.#leap(until);
    await this.#settled();
  }

  /** Lets `duration` pass, as {@link advanceTo} does. */
  async advance(duration: Duration): Promise<void> {
    await this.advanceTo(new Date(this.#clock.now() + durationMs(duration, 'advance')));
  }

  /** A run as it stands now. */
  report(runId: string): Promise<RunReport> {
    return readRunReport(this.#store, this.#logs, this.#dag.dagId, runId);
  }

  /** Every run so far, oldest first. */
  async runs(): Promise<readonly RunReport[]> {
    const rows = await this.#store.db
      .selectFrom('dagRun')
      .select('runId')
      .where('dagId', '=', this.#dag.dagId)
      .orderBy('key')
      .execute();
    return Promise.all(rows.map(({ runId }) => this.report(runId)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wait of this.#waits) wait.over();
    await this.#scheduler.stop();
    await giveBack(this.#store);
  }

  async #start({ variables = {} }: DagTestOptions): Promise<void> {
    const at = this.#clock.now();
    await recordDag(this.#store, serializeDag(this.#dag), at);
    for (const [key, value] of Object.entries(variables)) await storeVariable(this.#store, key, value, at);
    await withVirtualDate(this.#clock, () => this.#scheduler.start());
    await this.#settled();
  }

  // --- waiting ----------------------------------------------------------------------------------------------------------------

  /** Resolves when nothing happens any more unless time passes. */
  async #settled(): Promise<void> {
    while (!this.#isSettled()) {
      await new Promise<void>((resolve) => {
        this.#noticed = resolve;
      });
      if (this.#failure !== null) throw this.#failure;
    }
  }

  #isSettled(): boolean {
    return this.#idle && this.#executor.running === this.#waits.size;
  }

  #next(): number | null {
    const instants = [...this.#limits, ...this.#waits].map(({ at }) => at);
    if (this.#nextDue !== null) instants.push(this.#nextDue);
    return instants.length === 0 ? null : Math.min(...instants);
  }

  async #leap(instant: number): Promise<void> {
    if (this.#waits.size > 0) {
      // Whatever began and has not ended is known to the scheduler before time passes.
      this.#wake('intents');
      await this.#settled();
    }
    this.#idle = false;
    await this.#clock.leapTo(instant);
    for (const wait of this.#waits) if (wait.at <= this.#clock.now()) wait.over();
    this.#wake('intents');
  }

  #pass(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wait = {
        at: this.#clock.now() + ms,
        over: () => {
          this.#waits.delete(wait);
          if (signal.aborted) reject(signal.reason);
          else resolve();
        },
      };
      signal.addEventListener('abort', wait.over);
      this.#waits.add(wait);
      this.#noticed();
    });
  }

  /** The same clock, with an eye on the timers of attempts: time may pass until the first of them. */
  #attemptClock(): Clock {
    return {
      now: () => this.#clock.now(),
      monotonic: () => this.#clock.monotonic(),
      setTimer: (ms, callback) => {
        const limit = { at: this.#clock.now() + ms };
        this.#limits.add(limit);
        const timer = this.#clock.setTimer(ms, () => {
          this.#limits.delete(limit);
          callback();
        });
        return {
          cancel: () => {
            this.#limits.delete(limit);
            timer.cancel();
          },
        };
      },
    };
  }

  #wake(reason: 'intents' | 'variables'): void {
    this.#idle = false;
    this.#scheduler.ping(reason);
  }

  #becameIdle(nextDue: number | null): void {
    this.#idle = true;
    this.#nextDue = nextDue;
    this.#noticed();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#noticed();
  }

  // --- the world around the scheduler -----------------------------------------------------------------------------------------

  #listening(events: ExecutorEvents): ExecutorEvents {
    return {
      ...events,
      outcome: (report) => {
        this.#idle = false;
        events.outcome(report);
      },
      gone: (report) => {
        this.#idle = false;
        events.gone(report);
      },
    };
  }

  /** A turn that failed would be tried again, later than this clock ever gets by itself. */
  #logger(): Logger {
    return {
      ...silentLogger,
      error: (message, fields) => this.#fail(new Error(`${message} ${JSON.stringify(fields ?? {})}`)),
    };
  }
}

async function storeVariable(store: Store, key: string, value: unknown, at: number): Promise<void> {
  const checked = validateVariable(key, value as never);
  await store.variables.set({ key, value: JSON.stringify(checked), actor: 'test', at });
}

/** Records the DAG as the dag processor would, without files behind it. */
async function recordDag(store: Store, serialized: SerializedDag, at: number): Promise<void> {
  const active = { ...serialized, pausedUponCreation: false };
  const version = {
    version: VERSION,
    bundle: VERSION,
    entry: 'dag',
    lockfileDigest: null,
    files: [],
    serialized: active,
  };
  const file = { path: `${serialized.dagId}.ts`, digest: VERSION, modifiedAt: at, parseMs: 0 };
  await store.catalog.record({ at, parsed: [{ file, dags: [version] }], failed: [], removed: [] });
}

/** Ids of manual runs are the same each time. */
function sequence(): () => string {
  let last = 0;
  return () => String(++last);
}
