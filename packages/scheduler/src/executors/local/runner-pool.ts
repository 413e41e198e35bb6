import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '@tsflow/core/clock';
import { errorMessage } from '@tsflow/core/errors';
import type { Logger } from '@tsflow/core/logger';
import type { RunnerPort } from '@tsflow/core/store';
import { bootId, isAlive } from '../../processes/process-table.ts';
import type { AboutAttempt, RunnerIdentity, RunnerMessage } from '../../task-api/protocol.ts';
import type { RunnerConnection, RunnerListener } from '../../task-api/server.ts';
import { type RunnerExit, type RunnerPlace, RunnerProcess, removeRunnerFiles } from './runner-process.ts';

/** Runners that end before they said hello are started again no faster than this, doubling. */
const MIN_RESPAWN_MS = 250;
const MAX_RESPAWN_MS = 30_000;
/** How long an idle runner whose scheduler died may need to put its outcomes on disk and go. */
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 20;

export interface RunnerPoolOptions {
  readonly schedulerId: string;
  readonly place: RunnerPlace;
  readonly runners: RunnerPort;
  readonly events: RunnerPoolEvents;
  /** Attempts at once, as it is now: more runners than that are never started. */
  concurrency(): number;
  /** Runners that are kept ready although nothing runs. */
  readonly warmRunners: number;
  /** A runner beyond those ends after this long without work, in milliseconds. */
  readonly idleRetireMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What the pool tells of its runners. */
export interface RunnerPoolEvents {
  /** A runner that was just started may be given work. */
  ready(runner: RunnerProcess): void;
  /** A runner could not be started, or ended before it did anything: no other one comes for `respawnMs`. */
  notStarted(): void;
  message(runner: RunnerProcess, message: Exclude<RunnerMessage, { verb: 'hello' }>): void;
  /** It is in the middle of an attempt, which may be one of an earlier scheduler. */
  busyWith(runner: RunnerProcess, attempt: AboutAttempt): void;
  /** Its socket closed. It may come back, or be about to end. */
  disconnected(runner: RunnerProcess): void;
  /** Its process is gone and its socket is read to the end. Called once for each runner. */
  exited(runner: RunnerProcess, exit: RunnerExit): Promise<void>;
}

/**
 * The runner processes of this machine: starts them, knows them by their hello, keeps the free ones warm and ends those that are too
 * many. What they work on is none of its business.
 *
 * It judges by the process and not by what the process says: synchronous code is not death, an exit is.
 */
export class RunnerPool {
  readonly #options: RunnerPoolOptions;
  readonly #events: RunnerPoolEvents;
  readonly #clock: Clock;
  readonly #runners = new Map<string, RunnerProcess>();
  /** Free ones; the one that was busy last is at the end, so that few stay hot. */
  readonly #idle: RunnerProcess[] = [];
  readonly #spawning = new Set<Promise<void>>();
  /** Ends of runners that are being handled. */
  readonly #exits = new Set<Promise<void>>();
  /** Runners that were started here and have not said hello yet. */
  readonly #awaitedHellos = new Map<string, () => void>();
  /** Runners whose process is gone and whose socket is not read to its end. */
  readonly #closures = new Map<string, () => void>();
  #housekeeping: NodeJS.Timeout | null = null;
  #respawnMs = 0;
  /** Monotonic time before which no other one is started. */
  #respawnAt = 0;
  #stopped = false;

  constructor(options: RunnerPoolOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#clock = options.clock;
  }

  start(): void {
    this.#housekeeping = setInterval(() => this.#retireIdle(), this.#options.idleRetireMs / 4).unref();
    this.spawn(this.#warmTarget);
  }

  /** Starts no more runners; resolves when none is half started. */
  async close(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#housekeeping ?? undefined);
    await Promise.allSettled(this.#spawning);
    await Promise.allSettled(this.#exits);
  }

  /** Ends the runners that have nothing to do, after {@link close}. */
  async dismiss(): Promise<void> {
    const leaving: Promise<unknown>[] = [];
    for (const runner of this.#runners.values()) {
      if (runner.assignment !== null) continue;
      leaving.push(runner.exited);
      runner.retiring = true;
      // One that holds an outcome which nobody accepted puts it on disk as soon as the connection closes.
      if (runner.connection === null) runner.kill();
      else runner.connection.close();
    }
    await Promise.race([Promise.all(leaving), pause(SETTLE_MS)]);
    await Promise.allSettled(this.#exits);
  }

  get all(): Iterable<RunnerProcess> {
    return this.#runners.values();
  }

  get idle(): readonly RunnerProcess[] {
    return this.#idle;
  }

  /** Runners that are being started. */
  get spawning(): number {
    return this.#spawning.size;
  }

  get isEmpty(): boolean {
    return this.#runners.size + this.#spawning.size === 0;
  }

  /** How many more runners there may be. Used ones give way to an attempt that wants an unused one. */
  get room(): number {
    const living = [...this.#runners.values()].filter((runner) => !runner.retiring).length;
    return Math.max(0, this.#options.concurrency() - living - this.#spawning.size);
  }

  /** How long to wait before another runner is started, in milliseconds: 0 unless the last ones failed. */
  get respawnInMs(): number {
    return Math.max(0, this.#respawnAt - this.#clock.monotonic());
  }

  spawn(count: number): void {
    for (let i = 0; i < count && !this.#stopped; i++) {
      const spawning: Promise<void> = this.#spawnOne().finally(() => this.#spawning.delete(spawning));
      this.#spawning.add(spawning);
    }
  }

  /** A free runner, the hottest first; `unused`: one that never ran anything. Null: there is none. */
  take(unused: boolean): RunnerProcess | null {
    if (!unused) return this.#idle.pop() ?? null;
    const at = this.#idle.findIndex((runner) => runner.used === 0);
    return at === -1 ? null : this.#idle.splice(at, 1)[0]!;
  }

  /** It has nothing to do. */
  putBack(runner: RunnerProcess): void {
    runner.idleSince = this.#clock.monotonic();
    this.#idle.push(runner);
  }

  /** It takes no further attempt and goes when its outcomes are accepted. */
  retire(runner: RunnerProcess): void {
    runner.retiring = true;
    this.#leaveIdle(runner);
    runner.send({ verb: 'retire' });
  }

  /** A runner said hello: one that was started here, or one that an earlier scheduler left. */
  welcome(hello: Extract<RunnerMessage, { verb: 'hello' }>, connection: RunnerConnection): RunnerListener {
    const { runnerId } = hello.runner;
    const runner = this.#runners.get(runnerId) ?? this.#adopt(hello.runner);
    runner.connection?.close();
    runner.connection = connection;
    if (hello.busyWith === null && runner.retiring) runner.send({ verb: 'retire' });
    if (hello.busyWith !== null) this.#events.busyWith(runner, hello.busyWith);
    this.#awaitedHellos.get(runnerId)?.();
    this.#awaitedHellos.delete(runnerId);
    return {
      message: (message) => this.#events.message(runner, message),
      closed: () => {
        if (runner.connection !== connection) return;
        runner.connection = null;
        if (!this.#stopped) this.#events.disconnected(runner);
        this.#leaveIdle(runner);
        this.#closures.get(runnerId)?.();
      },
    };
  }

  /** Finds the living runners of earlier schedulers and lets the idle ones go. Returns those that are gone, by id. */
  async findPredecessors(): Promise<ReadonlyMap<string, { readonly sameBoot: boolean }>> {
    const gone = new Map<string, { readonly sameBoot: boolean }>();
    const leaving: RunnerProcess[] = [];
    for (const row of await this.#options.runners.open(hostname())) {
      if (this.#runners.has(row.runnerId)) continue;
      const { runnerId, host, pid, pidStart } = row;
      const identity = { runnerId, host, bootId: row.bootId, pid, pidStart };
      if (isAlive(identity)) {
        leaving.push(this.#adopt(identity));
      } else {
        gone.set(runnerId, { sameBoot: row.bootId === bootId() });
        removeRunnerFiles(this.#options.place.home, runnerId);
        await this.#options.runners.ended(runnerId, this.#clock.now());
      }
    }
    // What a runner does stands in the process list, also while its code blocks it. One without work is about to put its last
    // outcome on disk and go, or comes back for a last word.
    const end = performance.now() + SETTLE_MS;
    const unsettled = (runner: RunnerProcess): boolean =>
      this.#runners.has(runner.runnerId) && !runner.isConnected && runner.shownAttempt === null;
    while (leaving.some(unsettled) && performance.now() < end) await pause(LOOK_EVERY_MS);
    for (const runner of leaving) {
      const shown = runner.isConnected ? null : runner.shownAttempt;
      if (shown !== null) this.#events.busyWith(runner, shown);
    }
    return gone;
  }

  get #warmTarget(): number {
    return Math.min(this.#options.warmRunners, this.#options.concurrency());
  }

  async #spawnOne(): Promise<void> {
    const runner = await this.#startProcess();
    if (runner === null || !(await this.#record(runner))) return;
    const isThere = await Promise.race([this.#hello(runner), runner.exited.then(() => false)]);
    if (!isThere) return;
    this.#respawnMs = 0;
    this.#respawnAt = 0;
    this.#events.ready(runner);
  }

  async #startProcess(): Promise<RunnerProcess | null> {
    const runnerId = `runner-${randomBytes(6).toString('hex')}`;
    try {
      const runner = await RunnerProcess.spawn(runnerId, this.#options.place);
      this.#watch(runner);
      return runner;
    } catch (error) {
      this.#slowDown('A runner could not be started.', errorMessage(error));
      return null;
    }
  }

  /** Known to the database before it gets work: who comes after this process finds it. */
  async #record(runner: RunnerProcess): Promise<boolean> {
    const { schedulerId, runners } = this.#options;
    const { runnerId, host, pid, pidStart, bootId: boot } = runner.identity;
    const startedAt = this.#clock.now();
    try {
      await runners.started({
        runnerId,
        schedulerId,
        host,
        bootId: boot,
        pid,
        pidStart,
        startedAt,
        endedAt: null,
      });
      return true;
    } catch (error) {
      runner.kill();
      this.#slowDown('A runner could not be recorded.', errorMessage(error));
      return false;
    }
  }

  #hello(runner: RunnerProcess): Promise<boolean> {
    if (runner.isConnected) return Promise.resolve(true);
    return new Promise((resolve) => this.#awaitedHellos.set(runner.runnerId, () => resolve(true)));
  }

  #slowDown(message: string, error: string): void {
    this.#respawnMs = Math.min(MAX_RESPAWN_MS, Math.max(MIN_RESPAWN_MS, this.#respawnMs * 2));
    this.#respawnAt = this.#clock.monotonic() + this.#respawnMs;
    this.#options.logger.error(message, { error, againInMs: this.#respawnMs });
    this.#events.notStarted();
  }

  /** One of another scheduler, whose settings and reasons are gone with it: it ends what it does and goes. */
  #adopt(identity: RunnerIdentity): RunnerProcess {
    const runner = RunnerProcess.adopt(this.#options.place.home, identity);
    this.#watch(runner);
    runner.retiring = true;
    return runner;
  }

  #watch(runner: RunnerProcess): void {
    this.#runners.set(runner.runnerId, runner);
    void runner.exited.then((exit) => {
      const handled: Promise<void> = this.#onExit(runner, exit)
        .catch((error: unknown) =>
          this.#options.logger.error('The end of a runner was not handled.', { error: errorMessage(error) }),
        )
        .finally(() => this.#exits.delete(handled));
      this.#exits.add(handled);
    });
  }

  /** Called once for each runner, when its process is gone. Its socket is read to its end before anything is concluded. */
  async #onExit(runner: RunnerProcess, exit: RunnerExit): Promise<void> {
    await this.#readToEnd(runner);
    this.#runners.delete(runner.runnerId);
    this.#awaitedHellos.delete(runner.runnerId);
    this.#leaveIdle(runner);
    if (runner.used === 0 && !runner.retiring && runner.assignment === null && !this.#stopped) {
      this.#slowDown('A runner ended before it did anything.', `${exit.reason} ${exit.lastWords}`.trim());
    }
    await this.#events.exited(runner, exit);
    try {
      await this.#options.runners.ended(runner.runnerId, this.#clock.now());
    } catch (error) {
      this.#options.logger.warn('The end of a runner could not be recorded.', { error: errorMessage(error) });
    }
  }

  #readToEnd(runner: RunnerProcess): Promise<void> {
    if (runner.connection === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closures.set(runner.runnerId, () => {
        this.#closures.delete(runner.runnerId);
        resolve();
      });
    });
  }

  /** Ends what is too much: the coldest first. */
  #retireIdle(): void {
    const before = this.#clock.monotonic() - this.#options.idleRetireMs;
    while (
      this.#idle.length > 0 &&
      this.#runners.size > this.#warmTarget &&
      this.#idle[0]!.idleSince <= before
    ) {
      this.retire(this.#idle[0]!);
    }
  }

  #leaveIdle(runner: RunnerProcess): void {
    const at = this.#idle.indexOf(runner);
    if (at !== -1) this.#idle.splice(at, 1);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
