import type { Config } from '@tsflow/core/config';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import { Scheduler } from '@tsflow/scheduler/loop';
import { testConfig } from '../../support/scheduler-harness.ts';
import type { Breakage } from './breakage.ts';
import { INFRA_CAP, type Ledger } from './ledger.ts';
import { type Machine, SimulatedExecutor } from './machine.ts';
import { ProcessClock, type TrueTime } from './process-clock.ts';
import { SeenStore } from './seen-store.ts';
import type { ProcessName } from './steps.ts';
import { Turnstile } from './turnstile.ts';
import type { Verdict } from './violation.ts';

export const HEARTBEAT_MS = 2_000;
export const LEASE_MS = 6_000;

const config: Config = {
  ...testConfig,
  infraRetries: INFRA_CAP,
  heartbeatMs: HEARTBEAT_MS,
  leaseMs: LEASE_MS,
  maxMapLength: 8,
};

/** What all processes of a world share. */
export interface Surroundings {
  readonly store: Store;
  readonly verdict: Verdict;
  readonly ledger: Ledger;
  readonly machine: Machine;
  readonly time: TrueTime;
  readonly breakage: Breakage;
  /** A word that nobody had before. */
  nextWord(): string;
  complain(process: SchedulerProcess, message: string): void;
}

/** One life of one of the two schedulers: the real one, under a clock of its own and behind a turnstile. */
export class SchedulerProcess {
  readonly name: ProcessName;
  readonly clock: ProcessClock;
  readonly turnstile = new Turnstile();
  readonly scheduler: Scheduler;
  readonly store: SeenStore;
  executor!: SimulatedExecutor;
  /** Whether its machine will know that it is gone; else only its silence tells. */
  isDeathSeen = false;
  /** When it began to stand still, in true time; null: it runs. */
  stoodStillAt: number | null = null;
  #hasExited = false;
  readonly #surroundings: Surroundings;

  constructor(name: ProcessName, surroundings: Surroundings) {
    this.name = name;
    this.#surroundings = surroundings;
    const { ledger, machine, time, breakage } = surroundings;
    this.clock = new ProcessClock(time);
    this.store = new SeenStore(surroundings, this.turnstile);
    this.scheduler = new Scheduler({
      store: this.store.asStore,
      config,
      logger: this.#logger(),
      clock: breakage.clock(this.clock),
      random: () => this.#surroundings.nextWord(),
      connections: { get: () => Promise.reject(new Error('There are none.')), audit: async () => undefined },
      executor: (events, schedulerId) => {
        this.executor = new SimulatedExecutor(schedulerId, breakage.events(events), {
          machine,
          ledger,
          time,
        });
        return breakage.executor(this.executor);
      },
    });
    this.scheduler.onFatal = () => this.exit();
  }

  start(): void {
    this.scheduler.start().catch((error: Error) => {
      if (!this.isDead) this.#surroundings.complain(this, `did not start: ${error.message}`);
      this.exit();
    });
  }

  get isDead(): boolean {
    return this.#hasExited || this.turnstile.isDead;
  }

  get isStandingStill(): boolean {
    return this.turnstile.isStandingStill;
  }

  /** What it does shows here. */
  get signsOfLife(): number {
    return this.turnstile.arrivals + this.clock.reads;
  }

  /** Its process is gone, with all that it had in memory. */
  exit(): void {
    this.turnstile.isDead = true;
    if (this.#hasExited) return;
    this.#hasExited = true;
    const { machine } = this.#surroundings;
    if (this.isDeathSeen) machine.provedDead.add(this.executor.schedulerId);
    machine.supervisorDied(this.executor);
  }

  #logger(): Logger {
    const say = (message: string, fields?: object) => {
      if (!this.isDead) this.#surroundings.complain(this, `${message} ${JSON.stringify(fields ?? {})}`);
    };
    return { ...silentLogger, error: say };
  }
}
