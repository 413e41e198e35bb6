import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import type { Logger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import { ConnectionVault, KeyFile, type Store } from '@tsflow/core/store';
import type { Executor, ExecutorEvents } from '../executors/executor.ts';
import { identityOf } from '../processes/process-table.ts';
import { HeldDags } from './held/held-dags.ts';
import { KeyBlock } from './held/key-block.ts';
import { LiveLimits } from './held/live-limits.ts';
import { VersionCache } from './held/version-cache.ts';
import type { World } from './held/world.ts';
import { Inbox } from './inbox/inbox.ts';
import { LeaseKeeper } from './leases/lease-keeper.ts';
import { SchedulerFencedError } from './leases/scheduler-fenced-error.ts';
import { answerQuestion } from './questions/answer-question.ts';
import { Decisions } from './questions/decisions.ts';
import { TurnTaker } from './turn-taker.ts';

export interface SchedulerOptions {
  readonly store: Store;
  readonly config: Config;
  readonly logger: Logger;
  /** Builds the executor; its reports go to `events`. */
  readonly executor: (events: ExecutorEvents, schedulerId: string) => Executor;
  readonly clock?: Clock;
  readonly random?: () => string;
  /** Path of the socket on which this scheduler can be pinged, for its row. */
  readonly socketPath?: string | null;
  /** Where tasks' connections come from. Default: the environment, then the store. */
  readonly connections?: World['connections'];
  /** False: creates no scheduled runs. For a scheduler inside one command. */
  readonly ticks?: boolean;
  /** The only DAGs that it takes. Default: all. */
  readonly onlyDags?: readonly string[];
  /** Told of each decided intent, so that who waits for it is answered. */
  readonly onIntentDecided?: (intentId: number) => void;
  /**
   * Told each time there is nothing left to do at this moment, with the instant at which something is due by the clock (null: nothing
   * is). Attempts may be running. What moves a virtual clock goes by it.
   */
  readonly onIdle?: (nextDue: number | null) => void;
}

/**
 * The scheduler: holds DAG leases, and turns what happens (reports, due times, what people ask for) into committed decisions and
 * grants, one turn after the other ({@link TurnTaker}). Sleeps while there is nothing to do.
 */
export class Scheduler implements Service {
  readonly id: string;
  /** Called when it can go on no longer (it was fenced): the process should end. */
  onFatal: (error: Error) => void = () => undefined;
  readonly #options: SchedulerOptions;
  readonly #world: World;
  readonly #inbox: Inbox;
  readonly #decisions: Decisions;
  readonly #lease: LeaseKeeper;
  readonly #executor: Executor;
  readonly #turns: TurnTaker;
  readonly #clock: Clock;
  #stopping = false;
  #running: Promise<void> | null = null;
  #unlisten: (() => Promise<void>)[] = [];

  constructor(options: SchedulerOptions) {
    const { store, config, logger, onlyDags } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.id = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
    const versions = new VersionCache(store);
    this.#world = {
      store,
      clock: this.#clock,
      logger,
      config,
      held: new HeldDags(store, versions, this.#clock, config.maxMapLength),
      limits: new LiveLimits(store, this.#clock),
      versions,
      keys: new KeyBlock(store),
      connections: options.connections ?? new ConnectionVault(store, new KeyFile(config.home), process.env),
      random: options.random ?? (() => randomBytes(4).toString('hex')),
      brokenIntents: new Map(),
      ticks: options.ticks ?? true,
    };
    this.#inbox = new Inbox(this.#clock);
    this.#decisions = new Decisions(store, this.#clock, () => this.#inbox.hint('intents'));
    this.#lease = new LeaseKeeper(store, this.#clock, logger, this.id, config);
    this.#executor = options.executor(this.#executorEvents(), this.id);
    this.#turns = new TurnTaker({
      schedulerId: this.id,
      world: this.#world,
      inbox: this.#inbox,
      lease: this.#lease,
      executor: this.#executor,
      onlyDags,
      onIntentDecided: (intentId) => {
        this.#decisions.decided(intentId);
        options.onIntentDecided?.(intentId);
      },
    });
  }

  async start(): Promise<void> {
    const { store } = this.#world;
    const { socketPath = null } = this.#options;
    await store.leases.register({
      id: this.id,
      ...identityOf(process.pid),
      startedAt: this.#clock.now(),
      socketPath,
    });
    await this.#lease.beat();
    if (!store.allowsSeveralSchedulers) await this.#retirePredecessors();
    await this.#world.limits.refresh();
    await store.turns.auditCounters();
    await this.#world.limits.loadUse();
    await this.#executor.start();
    this.#executor.setConcurrency(this.#world.limits.parallelism);
    this.#unlisten = [
      await store.listen('tsflow_intent', () => this.#inbox.hint('intents')),
      await store.listen('tsflow_wake', () => {
        this.#inbox.hint('variables');
        this.#inbox.hint('versions');
      }),
    ];
    for (const hint of ['leases', 'intents', 'versions'] as const) this.#inbox.hint(hint);
    this.#running = this.#loop();
  }

  async stop(): Promise<void> {
    if (this.#stopping) return this.#running ?? undefined;
    this.#stopping = true;
    this.#inbox.wake();
    await this.#running;
    for (const unlisten of this.#unlisten) await unlisten();
    await this.#executor.stop();
    await this.#world.store.leases.release(this.id, [...this.#world.held.dags.keys()]);
    const row = (await this.#world.store.leases.living()).find((scheduler) => scheduler.id === this.id);
    if (row !== undefined) await this.#world.store.leases.retire(this.id, row.beat, this.#clock.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Starts nothing more; resolves when nothing runs, or after `graceMs`. What still runs then stays adoptable. */
  async drain(graceMs: number): Promise<void> {
    this.#turns.isDraining = true;
    const deadline = this.#clock.monotonic() + graceMs;
    const isBusy = () => this.#world.limits.used > 0 || this.#world.held.callbacks.size > 0;
    while (isBusy() && this.#clock.monotonic() < deadline && !this.#stopping) {
      await new Promise<void>((resolve) => this.#clock.setTimer(50, resolve));
    }
  }

  /** A hint from outside: intents, Variables or versions changed. */
  ping(reason: 'intents' | 'variables' | 'versions'): void {
    this.#inbox.hint(reason);
  }

  async #loop(): Promise<void> {
    while (!this.#stopping) {
      const again = await this.#takeTurn();
      if (this.#stopping) return;
      // Reads the sockets before the next turn, so that what came meanwhile is one batch.
      if (again) await new Promise<void>((resolve) => setImmediate(resolve));
      else await this.#sleep();
    }
  }

  async #takeTurn(): Promise<boolean> {
    try {
      return await this.#turns.take();
    } catch (error) {
      if (!(error instanceof SchedulerFencedError)) throw error;
      this.#stopping = true;
      this.onFatal(error);
      return false;
    }
  }

  async #sleep(): Promise<void> {
    const ms = this.#turns.restMs;
    if (ms > 0 && !this.#inbox.isAwake) this.#options.onIdle?.(this.#turns.nextDue);
    await this.#inbox.sleep(ms);
  }

  async #retirePredecessors(): Promise<void> {
    const { store } = this.#world;
    for (const other of await store.leases.living()) {
      if (other.id !== this.id) await store.leases.retire(other.id, other.beat, this.#clock.now());
    }
  }

  #executorEvents(): ExecutorEvents {
    return {
      started: (report) => this.#inbox.report({ kind: 'started', report }),
      named: (report) => this.#inbox.report({ kind: 'named', report }),
      outcome: (report) => this.#inbox.report({ kind: 'outcome', report }),
      gone: (report) => this.#inbox.report({ kind: 'gone', report }),
      group: (attemptId, grantNumber, processGroup) =>
        this.#inbox.report({ kind: 'group', attemptId, grantNumber, processGroup }),
      ask: (question) => answerQuestion(this.#world, this.#decisions, question),
    };
  }
}
