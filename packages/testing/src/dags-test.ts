import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Asset, AssetEventFacts, Duration, ParamsSchema } from '@tsflow/core';
import type { Clock } from '@tsflow/core/clock';
import { defaults, validateVariable } from '@tsflow/core/config';
import { type AnyDag, authorFrames, type DAG } from '@tsflow/core/dag';
import { durationMs, formatDuration } from '@tsflow/core/duration';
import {
  didYouMean,
  InvalidInputError,
  NotFoundError,
  type SerializedError,
  TsflowError,
} from '@tsflow/core/errors';
import type { Intent } from '@tsflow/core/intents';
import type { JsonObject } from '@tsflow/core/json';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import { dagHorizon, serializeDag } from '@tsflow/core/serialization';
import { isRunFinished } from '@tsflow/core/state';
import { DEFAULT_POOL, type Store } from '@tsflow/core/store';
import type { ExecutorEvents } from '@tsflow/scheduler/executors';
import { InlineExecutor } from '@tsflow/scheduler/executors/inline';
import { Scheduler } from '@tsflow/scheduler/loop';
import { DagTest } from './dag-test.ts';
import type { DagsTestOptions } from './dag-test-options.ts';
import { withFakedFetch } from './fakes/faked-fetch.ts';
import { withFakes } from './fakes/task-fake.ts';
import { ManualClock } from './manual-clock.ts';
import { type RunReport, readRunReport } from './run-report.ts';
import { TestConnections } from './test-connections.ts';
import { TestLogs } from './test-logs.ts';
import { giveBack, takeStore } from './test-store.ts';
import { withVirtualDate } from './virtual-date.ts';

const DEFAULT_TIME_LIMIT = '30d';
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

/** What is given to {@link DagsTest}: DAGs of whatever params. */
export type TestedDag = Pick<AnyDag, 'dagId'>;

/**
 * DAGs in this process under one virtual clock: the scheduler's own loop, its inline executor and a database in memory. Time stands still
 * while tasks run; nothing waits for real, because the clock jumps from one due time to the next.
 *
 * Made by {@link startDags}. `await using` stops it.
 */
export class DagsTest implements AsyncDisposable {
  readonly #dags: ReadonlyMap<string, AnyDag>;
  readonly #clock: ManualClock;
  readonly #store: Store;
  readonly #logs = new TestLogs();
  readonly #scheduler: Scheduler;
  readonly #executor: InlineExecutor;
  readonly #connections: TestConnections;
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #timeLimitMs: number;
  readonly #decided = new Map<number, () => void>();
  /** Fakes and tasks that wait for virtual time. */
  readonly #waits = new Set<{ readonly at: number; readonly over: () => void }>();
  /** When the limits of attempts that run now are reached. */
  readonly #limits = new Set<{ readonly at: number }>();
  #idle = false;
  #nextDue: number | null = null;
  #failure: Error | null = null;
  #noticed: () => void = () => undefined;

  /** See {@link startDags}. */
  static async start(dags: readonly TestedDag[], options: DagsTestOptions = {}): Promise<DagsTest> {
    const opened: (() => Promise<void>)[] = [];
    try {
      const store = await takeStore();
      opened.push(() => giveBack(store));
      const connections = await TestConnections.open(options.connections ?? {});
      opened.push(() => connections.close());
      const commands = await options.commands?.open();
      if (commands !== undefined) opened.push(() => commands.close());
      const environment = commands?.environment ?? {};
      const test = new DagsTest(dags as readonly AnyDag[], options, { store, connections, environment });
      test.#closing.push(...opened);
      opened.splice(0, opened.length, () => test[Symbol.asyncDispose]());
      await test.#start(options);
      return test;
    } catch (error) {
      for (const close of opened) await close();
      throw error;
    }
  }

  private constructor(
    dags: readonly AnyDag[],
    options: DagsTestOptions,
    { store, connections, environment }: Surroundings,
  ) {
    this.#store = store;
    this.#connections = connections;
    this.#clock = new ManualClock(options.now);
    this.#timeLimitMs = durationMs(options.timeLimit ?? DEFAULT_TIME_LIMIT, 'timeLimit');
    this.#dags = byId(dags);
    const { tasks = {} } = options;
    for (const dagId of Object.keys(tasks)) this.#dag(dagId);
    const pass = (ms: number, signal: AbortSignal) => this.#pass(ms, signal);
    const played = dags.map((dag) => withFakes(dag, tasks[dag.dagId] ?? {}, pass));
    let executor: InlineExecutor | null = null;
    this.#scheduler = new Scheduler({
      store,
      config: CONFIG,
      logger: this.#logger(),
      clock: this.#clock,
      connections,
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
          sleep: pass,
          commandEnvironment: environment,
          load: async () => ({ dags: played, readFiles: [] }),
          bundlePath: ({ dagId }) => {
            const path = authorFrames(this.#dag(dagId).site)[0]?.file ?? join(process.cwd(), 'dag.ts');
            return { path, sourceRoot: dirname(path) };
          },
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

  /** One of the DAGs: to trigger it, to ask something of it, to look at its runs. Throws `NotFoundError` for one that is not tested here. */
  of<S extends ParamsSchema | undefined>(dag: DAG<S, unknown>): DagTest<S> {
    this.#dag(dag.dagId);
    return new DagTest(this, dag.dagId);
  }

  /** Sets a Variable, as a person would; limits that read it follow at once. Throws `InvalidInputError` for a bad value of tsflow's own. */
  async setVariable(key: string, value: unknown): Promise<void> {
    await storeVariable(this.#store, key, value, this.#clock.now());
    this.#wake('variables');
    await this.#settled();
  }

  /** Makes a pool, or changes its slots; -1 is no limit. */
  async setPool(name: string, slots: number): Promise<void> {
    await this.#store.pools.set({ name, slots, actor: 'test', at: this.#clock.now() });
    this.#wake('variables');
    await this.#settled();
  }

  /** Posts an event of an asset, as something outside of tsflow would; resolves when everything that follows at once has happened. */
  async post(asset: Asset | string, { extra = {}, partition }: AssetEventFacts = {}): Promise<void> {
    const name = typeof asset === 'string' ? asset : asset.name;
    const at = this.#clock.now();
    const event = {
      asset: name,
      extra,
      partition: partition ?? null,
      actor: 'test',
      at,
      idempotencyKey: null,
    };
    await this.#store.assets.post(event);
    this.#wake('intents');
    await this.#settled();
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

  /** @internal Asks something of a DAG; throws what it was refused for. */
  async ask(dagId: string, intent: Intent): Promise<JsonObject> {
    const id = await this.#store.intents.submit({
      dagId,
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

  /** @internal Lets time pass until the run has ended. */
  async finished(dagId: string, runId: string): Promise<RunReport> {
    const deadline = this.#clock.now() + this.#timeLimitMs;
    for (;;) {
      await this.#settled();
      const run = await this.#store.turns.run(dagId, runId);
      if (run === null) throw new NotFoundError(`Run of ${dagId}`, runId);
      if (isRunFinished(run.state as 'success')) return this.report(dagId, runId);
      const next = this.#next();
      if (next === null)
        throw new RunStuckError('Nothing can move the run any more.', await this.report(dagId, runId));
      if (next > deadline) {
        const limit = formatDuration(this.#timeLimitMs);
        throw new RunStuckError(
          `The run has not ended within ${limit} of virtual time.`,
          await this.report(dagId, runId),
        );
      }
      await this.#leap(next);
    }
  }

  /** @internal A run as it stands now. */
  report(dagId: string, runId: string): Promise<RunReport> {
    return readRunReport(this.#store, this.#logs, dagId, runId);
  }

  /** @internal Every run of a DAG so far, oldest first. */
  async runs(dagId: string): Promise<readonly RunReport[]> {
    const rows = await this.#store.db
      .selectFrom('dagRun')
      .select('runId')
      .where('dagId', '=', dagId)
      .orderBy('key')
      .execute();
    return Promise.all(rows.map(({ runId }) => this.report(dagId, runId)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const wait of this.#waits) wait.over();
    await this.#scheduler.stop();
    for (const close of this.#closing.splice(0)) await close();
  }

  async #start({ variables = {}, pools = {}, http }: DagsTestOptions): Promise<void> {
    const at = this.#clock.now();
    for (const dag of this.#dags.values()) await recordDag(this.#store, dag, at);
    for (const [key, value] of Object.entries(variables)) await storeVariable(this.#store, key, value, at);
    const named = [...this.#dags.values()].flatMap((dag) =>
      [...dag.tasks.values()].map(({ settings }) => settings.pool),
    );
    // A pool that nobody made holds its tasks back for ever: what a test does not speak of is no limit.
    const unlimited = named.filter((name) => name !== DEFAULT_POOL).map((name) => [name, -1] as const);
    for (const [name, slots] of [...unlimited, ...Object.entries(pools)])
      await this.#store.pools.set({ name, slots, actor: 'test', at });
    const start = () => withVirtualDate(this.#clock, () => this.#scheduler.start());
    await (http === undefined ? start() : withFakedFetch(http, (error) => this.#fail(error), start));
    await this.#settled();
  }

  #dag(dagId: string): AnyDag {
    const dag = this.#dags.get(dagId);
    if (dag !== undefined) return dag;
    const closest = didYouMean(dagId, this.#dags.keys());
    const known = `The test has ${[...this.#dags.keys()].join(', ')}.`;
    throw new NotFoundError('DAG', dagId, closest === undefined ? known : `Did you mean "${closest}"?`);
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
      if (signal.aborted) return reject(signal.reason);
      const wait = {
        at: this.#clock.now() + ms,
        over: () => {
          this.#waits.delete(wait);
          signal.removeEventListener('abort', wait.over);
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

interface Surroundings {
  readonly store: Store;
  readonly connections: TestConnections;
  /** Of commands, besides what they always have. */
  readonly environment: Readonly<Record<string, string>>;
}

function byId(dags: readonly AnyDag[]): ReadonlyMap<string, AnyDag> {
  const found = new Map(dags.map((dag) => [dag.dagId, dag]));
  if (found.size === dags.length) return found;
  throw new InvalidInputError(
    `startDags: two DAGs have one id among ${dags.map(({ dagId }) => dagId).join(', ')}.`,
  );
}

async function storeVariable(store: Store, key: string, value: unknown, at: number): Promise<void> {
  const checked = validateVariable(key, value as never);
  await store.variables.set({ key, value: JSON.stringify(checked), actor: 'test', at });
}

/** Records the DAG as the dag processor would, without files behind it. */
async function recordDag(store: Store, dag: AnyDag, at: number): Promise<void> {
  const serialized = serializeDag(dag);
  const need = { mark: null, range: null };
  const known = dagHorizon(dag, need, at);
  const active = { ...serialized, pausedUponCreation: false };
  const version = {
    version: serialized.dagId,
    bundle: serialized.dagId,
    entry: 'dag',
    lockfileDigest: null,
    files: [],
    serialized: active,
    ...(known === null ? {} : { horizon: { known, need } }),
  };
  const file = { path: `${serialized.dagId}.ts`, digest: serialized.dagId, modifiedAt: at, parseMs: 0 };
  await store.catalog.record({ at, parsed: [{ file, dags: [version] }], failed: [], removed: [] });
}

/** Ids of manual runs are the same each time. */
function sequence(): () => string {
  let last = 0;
  return () => String(++last);
}
