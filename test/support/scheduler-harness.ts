import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { Intent } from '@tsflow/core/intents';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { SerializedDag } from '@tsflow/core/serialization';
import type { DagRunTable, EventTable, Store, TaskInstanceTable } from '@tsflow/core/store';
import { Scheduler } from '@tsflow/scheduler/loop';
import { audit } from './auditor.ts';
import { recordDags } from './catalog.ts';
import { type Script, ScriptedExecutor } from './scripted-executor.ts';
import { createDatabase, type DATABASES, type TestDatabase } from './store.ts';

/** A scheduler on a real database, with tasks that are written down in the test. */
export class SchedulerHarness implements AsyncDisposable {
  readonly store: Store;
  scheduler: Scheduler;
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  #executor: ScriptedExecutor | null = null;
  readonly #database: TestDatabase;

  readonly #script: Script;

  readonly #clock: Clock;
  readonly #config: Partial<Config>;

  private constructor(
    database: TestDatabase,
    store: Store,
    script: Script,
    clock: Clock,
    config: Partial<Config>,
  ) {
    this.#config = config;
    this.#clock = clock;
    this.store = store;
    this.#database = database;
    this.#script = script;
    this.scheduler = this.#newScheduler();
  }

  /** Stops the scheduler and starts another on the same database: what was running is lost to it. */
  async restart(): Promise<void> {
    await this.scheduler.stop();
    this.scheduler = this.#newScheduler();
    await this.scheduler.start();
  }

  /** @param wrap puts something around the store, such as a counter */
  static async start(
    dialect: (typeof DATABASES)[number],
    dags: readonly SerializedDag[],
    script: Script,
    wrap: (store: Store) => Store = (store) => store,
    clock: Clock = systemClock,
    config: Partial<Config> = {},
  ): Promise<SchedulerHarness> {
    const database = await createDatabase(dialect);
    const store = wrap(await database.open());
    await recordDags(store, dags);
    const harness = new SchedulerHarness(database, store, script, clock, config);
    await harness.scheduler.start();
    return harness;
  }

  get executor(): ScriptedExecutor {
    return this.#executor!;
  }

  /** Asks something of a DAG and waits for the decision; throws what it was refused for. */
  async ask(dagId: string, intent: Intent): Promise<Record<string, unknown>> {
    const payload = JSON.stringify(intent.payload);
    const request = {
      dagId,
      kind: intent.kind,
      payload,
      actor: 'ann',
      requestedAt: Date.now(),
      idempotencyKey: null,
    };
    const id = await this.store.intents.submit(request);
    this.scheduler.ping('intents');
    const row = await until(`intent ${id} is decided`, async () => {
      const intentRow = await this.store.intents.get(id);
      return intentRow?.state === 'pending' ? null : intentRow;
    });
    const result = JSON.parse(row.result!) as Record<string, unknown>;
    if (row.state === 'refused') throw new Error((result.error as { message: string }).message);
    return result;
  }

  /** Gives DAGs another version, as the dag processor would. */
  async record(...dags: readonly SerializedDag[]): Promise<void> {
    await recordDags(this.store, dags);
    this.scheduler.ping('versions');
    for (const { dagId } of dags) {
      await until(`${dagId} has its new version`, async () => {
        const row = await this.store.db
          .selectFrom('dag')
          .select(['currentVersion', 'markVersion'])
          .where('dagId', '=', dagId)
          .executeTakeFirstOrThrow();
        return row.currentVersion === row.markVersion;
      });
    }
  }

  async trigger(dagId: string, conf = {}): Promise<string> {
    return (await this.ask(dagId, { kind: 'trigger', payload: { conf } })).runId as string;
  }

  async triggerAt(dagId: string, logicalDate: string): Promise<string> {
    const payload = { conf: {}, logicalDate };
    return (await this.ask(dagId, { kind: 'trigger', payload })).runId as string;
  }

  run(dagId: string, runId: string): Promise<DagRunTable | null> {
    return this.store.turns.run(dagId, runId);
  }

  /** All runs of a DAG, oldest first. */
  runs(dagId: string): Promise<DagRunTable[]> {
    return this.store.db.selectFrom('dagRun').selectAll().where('dagId', '=', dagId).orderBy('key').execute();
  }

  /** Waits until a run is in one of the given states. */
  runIs(dagId: string, runId: string, ...states: string[]): Promise<DagRunTable> {
    return until(`${runId} of ${dagId} is ${states.join(' or ')}`, async () => {
      const run = await this.run(dagId, runId);
      return run !== null && states.includes(run.state) ? run : null;
    });
  }

  async tasks(dagId: string, runId: string): Promise<Record<string, TaskInstanceTable>> {
    const run = await this.run(dagId, runId);
    const rows = await this.store.turns.taskInstances([run!.key]);
    return Object.fromEntries(rows.map((row) => [row.taskId, row]));
  }

  async states(dagId: string, runId: string): Promise<Record<string, string>> {
    const tasks = await this.tasks(dagId, runId);
    return Object.fromEntries(Object.entries(tasks).map(([taskId, row]) => [taskId, row.state]));
  }

  taskIs(dagId: string, runId: string, taskId: string, ...states: string[]): Promise<TaskInstanceTable> {
    return until(`${taskId} of ${runId} is ${states.join(' or ')}`, async () => {
      const row = (await this.tasks(dagId, runId))[taskId];
      return row !== undefined && states.includes(row.state) ? row : null;
    });
  }

  async events(): Promise<readonly EventTable[]> {
    return this.store.db.selectFrom('event').selectAll().orderBy('id').execute();
  }

  async setVariable(key: string, value: unknown): Promise<void> {
    await this.store.variables.set({ key, value: JSON.stringify(value), actor: 'ann', at: Date.now() });
    this.scheduler.ping('variables');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler.stop();
    this.problems.push(...(await audit(this.store, { settled: false })));
    await this.#database[Symbol.asyncDispose]();
    if (this.problems.length > 0) throw new Error(`The scheduler complained: ${this.problems.join('; ')}`);
  }

  #newScheduler(): Scheduler {
    const scheduler = new Scheduler({
      store: this.store,
      config: { ...testConfig, ...this.#config },
      logger: this.#logger(),
      clock: this.#clock,
      executor: (events) => {
        this.#executor = new ScriptedExecutor(events, this.#script);
        return this.#executor;
      },
    });
    scheduler.onFatal = (error) => this.problems.push(error.message);
    return scheduler;
  }

  #logger(): Logger {
    return {
      ...silentLogger,
      warn: (message) => this.warnings.push(message),
      error: (message, fields) => this.problems.push(`${message} ${JSON.stringify(fields)}`),
    };
  }
}

/** Asks again until there is an answer; fails by name after ten seconds. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Waited ten seconds in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const testConfig = {
  infraRetries: 3,
  heartbeatMs: 10_000,
  leaseMs: 30_000,
  killGraceMs: 1_000,
  home: join(tmpdir(), `tsflow-test-${process.pid}`),
  publicUrl: 'https://tsflow.test',
  maxMapLength: 5_000,
} as Config;
