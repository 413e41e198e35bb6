import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Asset, AssetEventFacts, Duration, ParamsSchema } from '@tsflow/core';
import { defaults } from '@tsflow/core/config';
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
import type { Json, JsonObject } from '@tsflow/core/json';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import { isRunFinished } from '@tsflow/core/state';
import { DEFAULT_POOL, type Store } from '@tsflow/core/store';
import type { ExecutorEvents } from '@tsflow/scheduler/executors';
import { InlineExecutor } from '@tsflow/scheduler/executors/inline';
import { Scheduler } from '@tsflow/scheduler/loop';
import { DagTest } from './dag-test.ts';
import type { DagsTestOptions } from './dag-test-options.ts';
import { withFakedFetch } from './fakes/faked-fetch.ts';
import { withFakes } from './fakes/task-fake.ts';
import { type RunReport, readRunReport } from './run-report.ts';
import { TestConnections } from './test-connections.ts';
import { TestLogs } from './test-logs.ts';
import { giveBack, takeStore } from './test-store.ts';
import { recordDag, storeVariable } from './tested-catalog.ts';
import { withVirtualDate } from './virtual-date.ts';
import { VirtualTime } from './virtual-time.ts';

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
  readonly #time: VirtualTime;
  readonly #store: Store;
  readonly #logs = new TestLogs();
  readonly #scheduler: Scheduler;
  readonly #executor: InlineExecutor;
  readonly #connections: TestConnections;
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #timeLimitMs: number;
  readonly #decided = new Map<number, () => void>();

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
    this.#time = new VirtualTime(options.now, {
      running: () => this.#executor.running,
      ping: (reason) => this.#scheduler.ping(reason),
    });
    this.#timeLimitMs = durationMs(options.timeLimit ?? DEFAULT_TIME_LIMIT, 'timeLimit');
    this.#dags = byId(dags);
    const { tasks = {} } = options;
    for (const dagId of Object.keys(tasks)) this.#dag(dagId);
    const pass = (ms: number, signal: AbortSignal) => this.#time.pass(ms, signal);
    const played = dags.map((dag) => withFakes(dag, tasks[dag.dagId] ?? {}, pass));
    let executor: InlineExecutor | null = null;
    this.#scheduler = new Scheduler({
      store,
      config: CONFIG,
      logger: this.#logger(),
      clock: this.#time.clock,
      connections,
      ticks: options.schedule ?? false,
      random: sequence(),
      onIntentDecided: (intentId) => this.#decided.get(intentId)?.(),
      onIdle: (nextDue) => this.#time.becameIdle(nextDue),
      executor: (events) => {
        executor = new InlineExecutor({
          events: this.#listening(events),
          home: CONFIG.home,
          openLog: (attemptId) => this.#logs.open(attemptId),
          clock: this.#time.attemptClock(),
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
    this.#scheduler.onFatal = (error) => this.#time.fail(error);
  }

  /** What the virtual clock says. */
  get now(): Date {
    return new Date(this.#time.now());
  }

  /** One of the DAGs: to trigger it, to ask something of it, to look at its runs. Throws `NotFoundError` for one that is not tested here. */
  of<S extends ParamsSchema | undefined>(dag: DAG<S, unknown>): DagTest<S> {
    this.#dag(dag.dagId);
    return new DagTest(this, dag.dagId);
  }

  /** Sets a Variable, as a person would; limits that read it follow at once. Throws `InvalidInputError` for a bad value of tsflow's own. */
  async setVariable(key: string, value: Json): Promise<void> {
    await storeVariable(this.#store, key, value, this.#time.now());
    this.#time.wake('variables');
    await this.#time.settled();
  }

  /** Makes a pool, or changes its slots; -1 is no limit. */
  async setPool(name: string, slots: number): Promise<void> {
    await this.#store.pools.set({ name, slots, actor: 'test', at: this.#time.now() });
    this.#time.wake('variables');
    await this.#time.settled();
  }

  /** Posts an event of an asset, as something outside of tsflow would; resolves when everything that follows at once has happened. */
  async post(asset: Asset | string, { extra = {}, partition }: AssetEventFacts = {}): Promise<void> {
    const name = typeof asset === 'string' ? asset : asset.name;
    const at = this.#time.now();
    const event = {
      asset: name,
      extra,
      partition: partition ?? null,
      actor: 'test',
      at,
      idempotencyKey: null,
    };
    await this.#store.assets.post(event);
    this.#time.wake('intents');
    await this.#time.settled();
  }

  /** Lets time pass until `instant`: whatever falls due by then happens at its own instant. */
  async advanceTo(instant: Date | string): Promise<void> {
    const until = new Date(instant).getTime();
    for (;;) {
      await this.#time.settled();
      const next = this.#time.next();
      if (next === null || next > until) break;
      await this.#time.leap(next);
    }
    await this.#time.leap(until);
    await this.#time.settled();
  }

  /** Lets `duration` pass, as {@link advanceTo} does. */
  async advance(duration: Duration): Promise<void> {
    await this.advanceTo(new Date(this.#time.now() + durationMs(duration, 'advance')));
  }

  /** @internal Asks something of a DAG; throws what it was refused for. */
  async ask(dagId: string, intent: Intent): Promise<JsonObject> {
    const id = await this.#store.intents.submit({
      dagId,
      kind: intent.kind,
      payload: JSON.stringify(intent.payload),
      actor: 'test',
      requestedAt: this.#time.now(),
      idempotencyKey: null,
    });
    const decided = new Promise<void>((resolve) => this.#decided.set(id, resolve));
    this.#time.wake('intents');
    await Promise.race([decided, this.#time.settled().then(() => undefined)]);
    const row = await this.#store.intents.get(id);
    const result = JSON.parse(row?.result ?? '{}') as JsonObject;
    if (row?.state === 'applied') return result;
    const { message } = (result.error ?? { message: 'It was not decided.' }) as unknown as SerializedError;
    throw new TsflowError('refused', message);
  }

  /** @internal Lets time pass until the run has ended. */
  async finished(dagId: string, runId: string): Promise<RunReport> {
    const deadline = this.#time.now() + this.#timeLimitMs;
    for (;;) {
      await this.#time.settled();
      const run = await this.#store.turns.run(dagId, runId);
      if (run === null) throw new NotFoundError(`Run of ${dagId}`, runId);
      if (isRunFinished(run.state as 'success')) return this.report(dagId, runId);
      const next = this.#time.next();
      if (next === null)
        throw new RunStuckError('Nothing can move the run any more.', await this.report(dagId, runId));
      if (next > deadline) {
        const limit = formatDuration(this.#timeLimitMs);
        throw new RunStuckError(
          `The run has not ended within ${limit} of virtual time.`,
          await this.report(dagId, runId),
        );
      }
      await this.#time.leap(next);
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
    this.#time.end();
    await this.#scheduler.stop();
    for (const close of this.#closing.splice(0)) await close();
  }

  async #start({ variables = {}, pools = {}, http }: DagsTestOptions): Promise<void> {
    const at = this.#time.now();
    for (const dag of this.#dags.values()) await recordDag(this.#store, dag, at);
    for (const [key, value] of Object.entries(variables)) await storeVariable(this.#store, key, value, at);
    const named = [...this.#dags.values()].flatMap((dag) =>
      [...dag.tasks.values()].map(({ settings }) => settings.pool),
    );
    // A pool that nobody made holds its tasks back for ever: what a test does not speak of is no limit.
    const unlimited = named.filter((name) => name !== DEFAULT_POOL).map((name) => [name, -1] as const);
    for (const [name, slots] of [...unlimited, ...Object.entries(pools)])
      await this.#store.pools.set({ name, slots, actor: 'test', at });
    const start = () => withVirtualDate(this.#time.clock, () => this.#scheduler.start());
    await (http === undefined ? start() : withFakedFetch(http, (error) => this.#time.fail(error), start));
    await this.#time.settled();
  }

  #dag(dagId: string): AnyDag {
    const dag = this.#dags.get(dagId);
    if (dag !== undefined) return dag;
    const closest = didYouMean(dagId, this.#dags.keys());
    const known = `The test has ${[...this.#dags.keys()].join(', ')}.`;
    throw new NotFoundError('DAG', dagId, closest === undefined ? known : `Did you mean "${closest}"?`);
  }

  #listening(events: ExecutorEvents): ExecutorEvents {
    return {
      ...events,
      outcome: (report) => {
        this.#time.busy();
        events.outcome(report);
      },
      gone: (report) => {
        this.#time.busy();
        events.gone(report);
      },
    };
  }

  /** A turn that failed would be tried again, later than this clock ever gets by itself. */
  #logger(): Logger {
    return {
      ...silentLogger,
      error: (message, fields) => this.#time.fail(new Error(`${message} ${JSON.stringify(fields ?? {})}`)),
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

/** Ids of manual runs are the same each time. */
function sequence(): () => string {
  let last = 0;
  return () => String(++last);
}
