import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname } from 'node:os';
import { type Clock, systemClock } from '@tsflow/core/clock';
import { formatDuration } from '@tsflow/core/duration';
import { errorMessage, type SerializedError, serializeError } from '@tsflow/core/errors';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { RunnerPort } from '@tsflow/core/store';
import pLimit, { type LimitFunction } from 'p-limit';
import { bootId, isAlive } from '../../processes/process-table.ts';
import type { RunnerMessage, RunnerSettings, Workload } from '../../task-api/protocol.ts';
import type { RunnerConnection, RunnerListener, TaskApiServer } from '../../task-api/server.ts';
import { Spool, type SpooledOutcome } from '../../task-api/spool.ts';
import type { AdoptableAttempt, Executor, ExecutorEvents, LostAttempt, OutcomeReport } from '../executor.ts';
import { ensureVersionDirectory, type VersionFile } from '../version-directory.ts';
import { type Assignment, adoptedAssignment, newAssignment } from './assignment.ts';
import { AttemptDurations } from './attempt-durations.ts';
import { killTree, type ProcessTree, terminateTree } from './process-tree.ts';
import { type RunnerExit, RunnerProcess, removeRunnerFiles } from './runner-process.ts';

export interface LocalExecutorOptions {
  /** `TSFLOW_HOME`. */
  readonly home: string;
  readonly schedulerId: string;
  readonly events: ExecutorEvents;
  /** Started and stopped by its owner, before and after this executor. */
  readonly server: TaskApiServer;
  readonly runners: RunnerPort;
  /** The files of a version, from the database. */
  readonly versions: { files(bundle: string): Promise<readonly VersionFile[]> };
  /** The `node_modules` of the DAGs: see `nearestNodeModules`. */
  readonly nodeModules: string | null;
  /** Attempts at once until the first {@link Executor.setConcurrency}. Default 16. */
  readonly concurrency?: number;
  /** Runners that are kept ready although nothing runs. Default 2. */
  readonly warmRunners?: number;
  /** A runner beyond those ends after this long without work, in milliseconds. Default 60 s. */
  readonly idleRetireMs?: number;
  readonly settings?: RunnerSettings;
  /** What runners inherit, less tsflow's own variables. Default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/**
 * Another process is started when all runners have been busy with one attempt for this long, or when one was waited for much longer.
 * Attempts of a millisecond are done sooner by the few that are hot than by many that are not: starting a process costs as much
 * as a thousand of them, and each compiles its code anew.
 */
const PATIENCE_MS = 50;
const IMPATIENCE_MS = 500;
/** The first attempt of a runner also loads code. */
const COLD_PATIENCE_MS = 250;
/** Processes that start at the same time: each needs a core for a tenth of a second. */
const MAX_SPAWNING = Math.max(1, availableParallelism());
/** Grants that a runner may have behind the one that runs, all of them but the last known to be short. */
const MAX_AHEAD = 8;
/** With as many runners busy as there are cores, a short attempt is better off behind one of them than in another process. */
const BUSY_ENOUGH = Math.max(1, availableParallelism());
/** Versions written to disk at a time: with hundreds due at once there are more than files a process may have open. */
const MAX_PREPARING = 16;
/** Runners that end before they said hello are started again no faster than this, doubling. */
const MIN_RESPAWN_MS = 250;
const MAX_RESPAWN_MS = 30_000;
/** A grant that this many runners took to their grave is not given to another one. */
const MAX_REDELIVERIES = 3;
/** How long the runner's own time-out may be late before the attempt is ended from outside. */
const WATCHDOG_SLACK_MS = 5_000;
/** An outcome that no scheduler asked for in this time belongs to an attempt that was decided otherwise. */
const SPOOL_KEPT_MS = 7 * 86_400_000;
/** How long an idle runner whose scheduler died may need to put its outcomes on disk and go. */
const SETTLE_MS = 5_000;
const LOOK_EVERY_MS = 20;

/**
 * Runs attempts in processes of this machine: warm ones, used again, the one that was busy last first, so that few stay hot. Who
 * runs next is decided before it comes here; p-limit alone caps how many run at once.
 *
 * It judges by the process and not by what the process says: synchronous code is not death, an exit is, and a process tree is gone
 * when nobody of it is left.
 */
export class LocalExecutor implements Executor {
  readonly #options: LocalExecutorOptions;
  readonly #events: ExecutorEvents;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #spool: Spool;
  readonly #limit: LimitFunction;
  #paused = false;
  #concurrency: number;
  /** Admitted while the limit was 0. */
  #held: Assignment[] = [];
  /** By attempt: at most one grant of it is here. */
  readonly #assignments = new Map<number, Assignment>();
  /** Without a runner, in the order of their admission. */
  readonly #waiting: Assignment[] = [];
  readonly #runners = new Map<string, RunnerProcess>();
  /** Those that have an attempt. */
  readonly #busy = new Set<RunnerProcess>();
  readonly #durations = new AttemptDurations();
  /** Free ones; the one that was busy last is at the end. */
  readonly #idle: RunnerProcess[] = [];
  readonly #spawning = new Set<Promise<void>>();
  /** Outcomes that were handed on and neither accepted nor refused yet; the runner that holds it, or null: it is on disk. */
  readonly #reported = new Map<string, RunnerProcess | null>();
  readonly #versions = new Map<string, Promise<unknown>>();
  readonly #preparing = pLimit(MAX_PREPARING);
  readonly #readyVersions = new Set<string>();
  /** What is under way and has to end before {@link stop} does. */
  readonly #endings = new Set<Promise<unknown>>();
  #patience: NodeJS.Timeout | null = null;
  #housekeeping: NodeJS.Timeout | null = null;
  #respawnMs = 0;
  #stopped = false;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
    this.#events = options.events;
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
    this.#spool = new Spool(options.home);
    this.#concurrency = options.concurrency ?? 16;
    this.#limit = pLimit(Math.max(1, this.#concurrency));
    this.#paused = this.#concurrency === 0;
  }

  async start(): Promise<void> {
    this.#spool.removeOlderThan(this.#clock.now() - SPOOL_KEPT_MS);
    this.#options.server.onRunner = (hello, connection) => this.#onRunner(hello, connection);
    this.#housekeeping = setInterval(() => this.#retireIdle(), this.#idleRetireMs / 4).unref();
    this.#spawn(this.#warmTarget);
  }

  /** Ends idle runners. Busy ones go on by themselves: the next scheduler takes them over. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#housekeeping ?? undefined);
    clearTimeout(this.#patience ?? undefined);
    await Promise.allSettled(this.#spawning);
    await Promise.allSettled(this.#endings);
    const leaving: Promise<unknown>[] = [];
    for (const runner of this.#runners.values()) {
      if (runner.assignment !== null) continue;
      leaving.push(runner.exited);
      runner.retiring = true;
      // One that holds an outcome which nobody accepted puts it on disk as soon as the connection closes.
      if (runner.connection === null) runner.kill();
      else runner.connection.close();
    }
    await Promise.race([Promise.all(leaving), this.#pause(SETTLE_MS)]);
    await Promise.allSettled(this.#endings);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  submit(workloads: readonly Workload[]): void {
    for (const workload of workloads) this.#submit(workload);
  }

  cancel(attemptId: number, grantNumber: number, reason: string, graceMs: number): void {
    const assignment = this.#assignments.get(attemptId);
    if (assignment === undefined || assignment.grantNumber !== grantNumber) {
      // Nothing of it is here: whoever waits for its end may go on.
      if (!this.#reported.has(keyOf({ attemptId, grantNumber })))
        this.#reportGone(attemptId, grantNumber, true, reason);
      return;
    }
    if (assignment.ending !== null) return;
    assignment.ending = { kind: 'cancelled', reason };
    this.#end(assignment, graceMs);
  }

  accept(attemptId: number, grantNumber: number): void {
    this.#answer({ attemptId, grantNumber }, 'accepted');
  }

  fence(attemptId: number, grantNumber: number): void {
    const assignment = this.#assignments.get(attemptId);
    if (assignment?.grantNumber === grantNumber) {
      assignment.ending = { kind: 'fenced' };
      this.#end(assignment, 0);
    }
    this.#answer({ attemptId, grantNumber }, 'fenced');
  }

  async adopt(attempts: readonly AdoptableAttempt[]): Promise<readonly LostAttempt[]> {
    const ended = await this.#findRunners();
    const lost: LostAttempt[] = [];
    for (const attempt of attempts) {
      const loss = this.#takeOver(attempt, ended);
      if (loss === null) continue;
      await killTree({ attemptId: attempt.attemptId, groups: loss.sameBoot ? attempt.processGroups : [] });
      lost.push(loss.attempt);
    }
    return lost;
  }

  setConcurrency(limit: number): void {
    const whole = Math.max(0, Math.floor(limit));
    if (!Number.isFinite(whole) || whole === this.#concurrency) return;
    this.#concurrency = whole;
    this.#paused = whole === 0;
    if (this.#paused) return;
    this.#limit.concurrency = whole;
    const held = this.#held;
    this.#held = [];
    for (const assignment of held) this.#dispatch(assignment);
    if (this.#waiting.length > 0) this.#lookSoon();
  }

  preload(bundle: string, entry: string): void {
    void this.#prepare(bundle).then(
      () => {
        if (this.#idle.length === 0) this.#spawn(Math.min(1, this.#room));
        for (const runner of this.#idle.slice(-2)) runner.send({ verb: 'preload', bundle, entry });
      },
      () => undefined,
    );
  }

  // --- from a workload to a runner ------------------------------------------------------------------------------------------

  #submit(workload: Workload): void {
    const before = this.#assignments.get(workload.attemptId);
    if (before !== undefined) {
      if (before.grantNumber >= workload.grantNumber) return;
      this.fence(before.attemptId, before.grantNumber);
    }
    const assignment = newAssignment(workload);
    this.#assignments.set(workload.attemptId, assignment);
    void this.#limit(() => this.#admit(assignment));
  }

  /** Resolves when its place among the concurrent ones is free again. */
  #admit(assignment: Assignment): Promise<void> {
    return new Promise((release) => {
      if (this.#assignments.get(assignment.attemptId) !== assignment) return release();
      assignment.release = release;
      if (this.#paused) this.#held.push(assignment);
      else this.#dispatch(assignment);
    });
  }

  /** Gives it to a free runner, or lets it wait for one. */
  #dispatch(assignment: Assignment): void {
    const { bundle } = assignment.workload!;
    if (!this.#readyVersions.has(bundle)) {
      void this.#prepare(bundle).then(
        () => this.#dispatch(assignment),
        (error: unknown) => this.#onUnprepared(assignment, error),
      );
      return;
    }
    if (assignment.ending !== null || this.#assignments.get(assignment.attemptId) !== assignment) return;
    const runner = this.#runnerBefore(assignment.workload!) ?? this.#takeIdle(assignment.workload!);
    if (runner !== null) {
      this.#grant(runner, assignment);
      return;
    }
    assignment.since = this.#clock.monotonic();
    this.#waiting.push(assignment);
    this.#lookSoon();
  }

  #takeIdle(workload: Workload): RunnerProcess | null {
    if (workload.isolation === 'warm') return this.#idle.pop() ?? null;
    const unused = this.#idle.findIndex((runner) => runner.used === 0);
    return unused === -1 ? null : this.#idle.splice(unused, 1)[0]!;
  }

  /**
   * A busy runner behind whose short attempts this one waits less than for anything else. While the event loop of this process
   * writes a commit, runners go on with what they have: that is where throughput comes from.
   */
  #runnerBefore({ isolation }: Workload): RunnerProcess | null {
    if (isolation === 'process' || this.#busy.size < Math.min(BUSY_ENOUGH, this.#concurrency)) return null;
    let best: RunnerProcess | null = null;
    for (const runner of this.#busy) {
      if (this.#mayTakeMore(runner) && (best === null || runner.ahead.length < best.ahead.length))
        best = runner;
    }
    return best;
  }

  /** Everything that it has is known to be short, and what runs there has not turned out otherwise. */
  #mayTakeMore({ ahead, assignment, retiring, connection }: RunnerProcess): boolean {
    if (retiring || connection === null || assignment === null || ahead.length >= MAX_AHEAD) return false;
    if (assignment.since < this.#clock.monotonic() - PATIENCE_MS) return false;
    const last = ahead.at(-1) ?? assignment;
    return last.ending === null && this.#durations.isShort(last.workload);
  }

  #grant(runner: RunnerProcess, assignment: Assignment): void {
    assignment.runner = runner;
    assignment.since = this.#clock.monotonic();
    runner.used += 1;
    if (runner.assignment === null) {
      runner.assignment = assignment;
      this.#busy.add(runner);
    } else {
      runner.ahead.push(assignment);
      this.#lookSoon();
    }
    runner.send({ verb: 'grant', workload: assignment.workload! });
  }

  /** After an attempt: the one behind it begins, waiting ones follow, or it is free. */
  #employ(runner: RunnerProcess): void {
    if (runner.assignment === null) {
      runner.assignment = runner.ahead.shift() ?? null;
      if (runner.assignment !== null) runner.assignment.since = this.#clock.monotonic();
    }
    if (runner.retiring || !runner.isConnected) return;
    while (runner.assignment === null || this.#mayTakeMore(runner)) {
      const isUnused = runner.used === 0;
      const next = this.#waiting.findIndex(({ workload }) => workload!.isolation === 'warm' || isUnused);
      if (next === -1) break;
      this.#grant(runner, this.#waiting.splice(next, 1)[0]!);
    }
    if (runner.assignment !== null) return;
    this.#busy.delete(runner);
    runner.idleSince = this.#clock.monotonic();
    this.#idle.push(runner);
    // Only those that ask for an unused process are left, and used ones take the room.
    if (this.#waiting.length > 0) this.#lookSoon();
  }

  async #prepare(bundle: string): Promise<void> {
    if (this.#readyVersions.has(bundle)) return;
    let preparing = this.#versions.get(bundle);
    if (preparing === undefined) {
      const { home, nodeModules, versions } = this.#options;
      preparing = this.#preparing(() =>
        ensureVersionDirectory(home, bundle, () => versions.files(bundle), { nodeModules }),
      );
      this.#versions.set(bundle, preparing);
    }
    try {
      await preparing;
      this.#readyVersions.add(bundle);
    } finally {
      this.#versions.delete(bundle);
    }
  }

  #onUnprepared(assignment: Assignment, error: unknown): void {
    if (this.#assignments.get(assignment.attemptId) !== assignment || assignment.ending !== null) return;
    const reason = `the files of its version could not be written: ${errorMessage(error)}`;
    this.#logger.error('A version could not be prepared.', { error: errorMessage(error) });
    this.#close(assignment);
    this.#reportGone(assignment.attemptId, assignment.grantNumber, false, reason);
  }

  // --- runner processes -----------------------------------------------------------------------------------------------------

  get #warmTarget(): number {
    return Math.min(this.#options.warmRunners ?? 2, this.#concurrency);
  }

  get #idleRetireMs(): number {
    return this.#options.idleRetireMs ?? 60_000;
  }

  /** How many more runners there may be. Used ones give way to an attempt that wants an unused one. */
  get #room(): number {
    const living = [...this.#runners.values()].filter((runner) => !runner.retiring).length;
    return Math.max(0, this.#concurrency - living - this.#spawning.size);
  }

  /** Looks in a moment whether those that wait are served. */
  #lookSoon(): void {
    if (this.#patience !== null || this.#stopped) return;
    const isEmpty = this.#runners.size + this.#spawning.size === 0;
    this.#patience = setTimeout(
      // After a look at the sockets: a long turn of the scheduler must not make runners look busy.
      () => setImmediate(() => setImmediate(() => this.#look())),
      Math.max(this.#respawnMs, isEmpty ? 0 : PATIENCE_MS),
    );
  }

  #look(): void {
    this.#patience = null;
    if (this.#stopped) return;
    this.#withdrawBlocked();
    if (this.#waiting.length > 0) this.#spawnForWaiting();
    if (this.#waiting.length > 0 || [...this.#busy].some(({ ahead }) => ahead.length > 0)) this.#lookSoon();
  }

  /** Takes back what waits behind an attempt that turned out to be long. */
  #withdrawBlocked(): void {
    const before = this.#clock.monotonic() - PATIENCE_MS;
    for (const runner of this.#busy) {
      if (runner.ahead.length === 0 || runner.assignment === null || runner.assignment.since > before)
        continue;
      for (const assignment of runner.ahead) this.#withdraw(runner, assignment);
    }
  }

  #withdraw(runner: RunnerProcess, assignment: Assignment): void {
    if (assignment.withdrawing) return;
    assignment.withdrawing = true;
    runner.send({ verb: 'withdraw', attemptId: assignment.attemptId, grantNumber: assignment.grantNumber });
  }

  #spawnForWaiting(): void {
    const count = this.#missingRunners();
    const wantUnused = this.#waiting.filter(({ workload }) => workload!.isolation === 'process').length;
    // Used ones give their room to attempts that want a process of their own.
    for (let room = this.#room; room < Math.min(count, wantUnused) && this.#idle.length > 0; room++) {
      this.#retire(this.#idle.shift()!);
    }
    this.#spawn(Math.min(count, this.#room));
  }

  /** How many more processes would help those that wait. */
  #missingRunners(): number {
    const now = this.#clock.monotonic();
    const wantUnused = this.#waiting.filter(({ workload }) => workload!.isolation === 'process').length;
    const [first] = this.#waiting;
    let missing = wantUnused;
    if (wantUnused < this.#waiting.length) {
      const turnover = [...this.#runners.values()].some(
        ({ assignment, used }) =>
          assignment !== null && now - assignment.since < (used === 1 ? COLD_PATIENCE_MS : PATIENCE_MS),
      );
      if (!turnover) missing = this.#waiting.length;
      else if (now - first!.since > IMPATIENCE_MS) missing = Math.max(missing, 1);
    }
    return Math.max(0, Math.min(missing, MAX_SPAWNING) - this.#spawning.size);
  }

  #spawn(count: number): void {
    for (let i = 0; i < count && !this.#stopped; i++) {
      const spawning: Promise<void> = this.#spawnOne().finally(() => this.#spawning.delete(spawning));
      this.#spawning.add(spawning);
    }
  }

  async #spawnOne(): Promise<void> {
    const { home, server, runners, schedulerId } = this.#options;
    const runnerId = `runner-${randomBytes(6).toString('hex')}`;
    let runner: RunnerProcess;
    try {
      runner = await RunnerProcess.spawn(runnerId, {
        home,
        socketPath: server.socketPath,
        environment: this.#options.environment ?? process.env,
      });
    } catch (error) {
      this.#slowDown('A runner could not be started.', errorMessage(error));
      return;
    }
    this.#watch(runner);
    const { host, pid, pidStart, bootId: boot } = runner.identity;
    try {
      // Known to the database before it gets work: who comes after this process finds it.
      const startedAt = this.#clock.now();
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
    } catch (error) {
      runner.kill();
      this.#slowDown('A runner could not be recorded.', errorMessage(error));
      return;
    }
    const isThere = await Promise.race([this.#hello(runner), runner.exited.then(() => false)]);
    if (!isThere) return;
    this.#respawnMs = 0;
    this.#employ(runner);
  }

  /** Runners that were started here and have not said hello yet. */
  readonly #awaitedHellos = new Map<string, () => void>();

  #hello(runner: RunnerProcess): Promise<boolean> {
    if (runner.isConnected) return Promise.resolve(true);
    return new Promise((resolve) => this.#awaitedHellos.set(runner.runnerId, () => resolve(true)));
  }

  #slowDown(message: string, error: string): void {
    this.#respawnMs = Math.min(MAX_RESPAWN_MS, Math.max(MIN_RESPAWN_MS, this.#respawnMs * 2));
    this.#logger.error(message, { error, againInMs: this.#respawnMs });
    if (this.#waiting.length > 0) setTimeout(() => this.#lookSoon(), 0).unref();
  }

  #watch(runner: RunnerProcess): void {
    this.#runners.set(runner.runnerId, runner);
    void runner.exited.then((exit) => this.#track(this.#onExit(runner, exit)));
  }

  #retire(runner: RunnerProcess): void {
    runner.retiring = true;
    const at = this.#idle.indexOf(runner);
    if (at !== -1) this.#idle.splice(at, 1);
    runner.send({ verb: 'retire' });
  }

  /** Ends what is too much: the coldest first. */
  #retireIdle(): void {
    const before = this.#clock.monotonic() - this.#idleRetireMs;
    while (
      this.#idle.length > 0 &&
      this.#runners.size > this.#warmTarget &&
      this.#idle[0]!.idleSince <= before
    ) {
      this.#retire(this.#idle[0]!);
    }
  }

  // --- what runners say -----------------------------------------------------------------------------------------------------

  #onRunner(
    hello: Extract<RunnerMessage, { verb: 'hello' }>,
    connection: RunnerConnection,
  ): RunnerListener | null {
    const { runnerId } = hello.runner;
    let runner = this.#runners.get(runnerId);
    if (runner === undefined) {
      runner = RunnerProcess.adopt(this.#options.home, hello.runner);
      this.#watch(runner);
      // It belonged to another scheduler, whose settings and reasons are gone with it.
      runner.retiring = true;
    }
    const known = runner;
    known.connection?.close();
    known.connection = connection;
    if (hello.busyWith === null && known.retiring) known.send({ verb: 'retire' });
    if (hello.busyWith !== null) this.#expect(known, hello.busyWith);
    this.#awaitedHellos.get(runnerId)?.();
    this.#awaitedHellos.delete(runnerId);
    return {
      message: (message) => this.#onMessage(known, message),
      closed: () => {
        if (known.connection !== connection) return;
        known.connection = null;
        // It forgets what it had not begun as soon as it sees that, too.
        if (!this.#stopped) for (const behind of [...known.ahead]) this.#dispatchAgain(behind);
        const at = this.#idle.indexOf(known);
        if (at !== -1) this.#idle.splice(at, 1);
        this.#closures.get(known.runnerId)?.();
      },
    };
  }

  /** A runner is in the middle of an attempt that this executor may not know: then it is one of an earlier scheduler. */
  #expect(
    runner: RunnerProcess,
    busyWith: { readonly attemptId: number; readonly grantNumber: number },
  ): Assignment | null {
    const { attemptId, grantNumber } = busyWith;
    const known = this.#assignments.get(attemptId);
    if (known !== undefined && known.grantNumber >= grantNumber) {
      if (known.grantNumber === grantNumber && (known.runner === null || known.runner === runner))
        return known;
      runner.send({ verb: 'fenced', attemptId, grantNumber });
      return null;
    }
    const assignment = adoptedAssignment(attemptId, grantNumber, runner);
    runner.assignment = assignment;
    this.#busy.add(runner);
    this.#assignments.set(attemptId, assignment);
    return assignment;
  }

  #onMessage(runner: RunnerProcess, message: Exclude<RunnerMessage, { verb: 'hello' }>): void {
    switch (message.verb) {
      case 'started':
        this.#onStarted(runner, message);
        return;
      case 'outcome':
        this.#onOutcome(runner, message);
        return;
      case 'group':
        this.#onGroup(runner, message);
        return;
      case 'withdrawn':
        this.#onWithdrawn(runner, message);
        return;
      case 'retiring':
        runner.retiring = true;
        this.#logger.debug('A runner retires.', { runnerId: runner.runnerId, reason: message.reason });
        return;
      default:
        void this.#ask(runner, message);
    }
  }

  #onStarted(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'started' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment === null) return;
    const again = assignment.started && assignment.startedAtMs !== null;
    assignment.started = true;
    assignment.startedAtMs = message.atMs;
    assignment.log = message.log;
    if (again) return;
    const { attemptId, grantNumber, atMs, log } = message;
    const { runnerId, host, pid } = runner.identity;
    if (assignment.ending !== null) this.#end(assignment, assignment.graceMs);
    this.#startWatchdog(assignment);
    this.#events.started({ attemptId, grantNumber, atMs, runnerId, host, pid, log });
  }

  #onOutcome(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'outcome' }>): void {
    const key = keyOf(message);
    const assignment = this.#assignmentOf(runner, message);
    if (assignment !== null) {
      this.#close(assignment);
      if (assignment.workload !== null) {
        this.#durations.record(assignment.workload, message.endedAtMs - message.startedAtMs);
      }
      // It was signalled, or belongs to an earlier scheduler: it is not to run another attempt.
      if (assignment.ending !== null || runner.retiring) this.#retire(runner);
    }
    if (!this.#reported.has(key)) {
      this.#reported.set(key, runner);
      const { verb: _verb, ...report } = message;
      const { runnerId, host, pid } = runner.identity;
      this.#events.outcome({ ...report, runnerId, host, pid });
    }
    if (assignment !== null) this.#employ(runner);
  }

  /** It did not begin there: it is as if it had never been granted to that runner. */
  #onWithdrawn(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'withdrawn' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment === null || assignment.started) return;
    this.#dispatchAgain(assignment);
  }

  /** It did not begin where it was sent. */
  #dispatchAgain(assignment: Assignment): void {
    if (assignment.runner !== null) this.#takeFrom(assignment.runner, assignment);
    if (assignment.ending === null) this.#dispatch(assignment);
    else this.#endUnbegun(assignment);
  }

  #takeFrom(runner: RunnerProcess, assignment: Assignment): void {
    removeFrom(runner.ahead, assignment);
    if (runner.assignment === assignment) runner.assignment = null;
    if (runner.assignment === null) this.#busy.delete(runner);
    assignment.runner = null;
    assignment.withdrawing = false;
  }

  #onGroup(runner: RunnerProcess, message: Extract<RunnerMessage, { verb: 'group' }>): void {
    const assignment = this.#assignmentOf(runner, message);
    if (assignment === null) return;
    assignment.groups.add(message.processGroup);
    // Registered while the attempt is being ended: it gets what the other groups got.
    if (assignment.ending !== null)
      terminateTree({ attemptId: message.attemptId, groups: [message.processGroup] });
    this.#events.group(message.attemptId, message.grantNumber, message.processGroup);
  }

  async #ask(
    runner: RunnerProcess,
    question: Extract<RunnerMessage, { verb: 'state' | 'xcom' | 'variable' | 'set_variable' | 'connection' }>,
  ): Promise<void> {
    const { seq } = question;
    try {
      const value = (await this.#events.ask(question)) as never;
      runner.send({ verb: 'reply', seq, value });
    } catch (error) {
      // Without a stack: the task sees its own, and ours tells it nothing.
      const { stack: _stack, ...plain } = serializeError(error);
      runner.send({ verb: 'reply_error', seq, error: plain });
    }
  }

  #assignmentOf(
    runner: RunnerProcess,
    about: { readonly attemptId: number; readonly grantNumber: number },
  ): Assignment | null {
    const assignment = this.#assignments.get(about.attemptId);
    return assignment?.grantNumber === about.grantNumber && assignment.runner === runner ? assignment : null;
  }

  #answer(
    about: { readonly attemptId: number; readonly grantNumber: number },
    verb: 'accepted' | 'fenced',
  ): void {
    const key = keyOf(about);
    const runner = this.#reported.get(key);
    if (runner === undefined) return;
    this.#reported.delete(key);
    if (runner === null || !runner.isConnected) this.#spool.remove(about.attemptId, about.grantNumber);
    else if (runner.retiring) runner.send({ verb, ...about });
    else runner.connection!.sendLazily({ verb, ...about });
  }

  // --- the end of attempts and runners --------------------------------------------------------------------------------------

  /** Ends the process tree of an attempt; what follows is told by {@link #onExit}, or at once when it has no process. */
  #end(assignment: Assignment, graceMs: number): void {
    const { runner, attemptId, grantNumber, ending } = assignment;
    assignment.graceMs = graceMs;
    if (runner === null) return this.#endUnbegun(assignment);
    if (runner.ahead.includes(assignment) && !assignment.started) {
      // Its process works for another attempt. Should it begin before this arrives, its start is the moment to end it.
      this.#withdraw(runner, assignment);
      return;
    }
    runner.retiring = true;
    if (ending?.kind === 'cancelled') {
      runner.send({ verb: 'cancel', attemptId, grantNumber, reason: ending.reason, graceMs });
    } else if (ending?.kind === 'fenced') {
      runner.send({ verb: 'fenced', attemptId, grantNumber });
    }
    for (const behind of runner.ahead) this.#withdraw(runner, behind);
    if (graceMs > 0) terminateTree(treeOf(assignment));
    const timer = setTimeout(() => this.#track(killTree(treeOf(assignment))), graceMs);
    void runner.exited.then(() => clearTimeout(timer));
  }

  #endUnbegun(assignment: Assignment): void {
    this.#close(assignment);
    this.#tellEnd(assignment, 'it had not begun');
  }

  /** The attempt has no place here any more. */
  #close(assignment: Assignment): void {
    clearTimeout(assignment.watchdog ?? undefined);
    if (this.#assignments.get(assignment.attemptId) === assignment)
      this.#assignments.delete(assignment.attemptId);
    if (assignment.runner?.assignment === assignment) assignment.runner.assignment = null;
    if (assignment.runner !== null) removeFrom(assignment.runner.ahead, assignment);
    removeFrom(this.#waiting, assignment);
    removeFrom(this.#held, assignment);
    assignment.release();
  }

  /** Ends an attempt whose code keeps its runner from minding the time. */
  #startWatchdog(assignment: Assignment): void {
    const timeoutMs = assignment.workload?.executionTimeoutMs ?? null;
    if (timeoutMs === null) return;
    const killGraceMs = this.#options.settings?.killGraceMs ?? 10_000;
    const delayMs = timeoutMs + killGraceMs + WATCHDOG_SLACK_MS;
    if (delayMs > 2 ** 31 - 1) return;
    assignment.watchdog = setTimeout(() => {
      if (assignment.ending !== null) return;
      assignment.ending = { kind: 'timed_out', timeoutMs };
      this.#end(assignment, 0);
    }, delayMs).unref();
  }

  /** Called once for each runner, when its process is gone. Its socket is read to its end before anything is concluded. */
  async #onExit(runner: RunnerProcess, exit: RunnerExit): Promise<void> {
    await this.#readToEnd(runner);
    this.#runners.delete(runner.runnerId);
    this.#awaitedHellos.delete(runner.runnerId);
    removeFrom(this.#idle, runner);
    this.#busy.delete(runner);
    if (runner.used === 0 && !runner.retiring && runner.assignment === null && !this.#stopped) {
      this.#slowDown('A runner ended before it did anything.', `${exit.reason} ${exit.lastWords}`.trim());
    }
    for (const [key, holder] of this.#reported) if (holder === runner) this.#reported.set(key, null);
    for (const behind of [...runner.ahead]) this.#dispatchAgain(behind);
    if (runner.assignment !== null) await this.#onLost(runner.assignment, exit);
    try {
      await this.#options.runners.ended(runner.runnerId, this.#clock.now());
    } catch (error) {
      this.#logger.warn('The end of a runner could not be recorded.', { error: errorMessage(error) });
    }
    if (this.#waiting.length > 0) this.#lookSoon();
  }

  async #onLost(assignment: Assignment, exit: RunnerExit): Promise<void> {
    const { attemptId, grantNumber, ending } = assignment;
    await killTree(treeOf(assignment));
    const spooled = this.#spool.read(attemptId, grantNumber);
    if (spooled !== null) {
      this.#close(assignment);
      this.#reportSpooled(spooled);
      return;
    }
    if (
      !assignment.started &&
      ending === null &&
      assignment.redeliveries < MAX_REDELIVERIES &&
      !this.#stopped
    ) {
      assignment.redeliveries += 1;
      this.#dispatchAgain(assignment);
      return;
    }
    this.#close(assignment);
    this.#tellEnd(assignment, exit.lastWords === '' ? exit.reason : `${exit.reason} (${exit.lastWords})`);
  }

  #tellEnd(assignment: Assignment, reason: string): void {
    const { attemptId, grantNumber, ending, runner } = assignment;
    if (ending?.kind === 'fenced') return;
    if (ending?.kind !== 'timed_out' || runner === null) {
      const cancelled = ending?.kind === 'cancelled';
      this.#reportGone(attemptId, grantNumber, cancelled, cancelled ? ending.reason : reason);
      return;
    }
    const { runnerId, host, pid } = runner.identity;
    const endedAtMs = this.#clock.now();
    this.#events.outcome({
      attemptId,
      grantNumber,
      startedAtMs: assignment.startedAtMs ?? endedAtMs,
      endedAtMs,
      outcome: { kind: 'failed', error: timeoutError(ending.timeoutMs), retryable: true },
      log: assignment.log ?? { segment: '', start: 0, end: null },
      rendered: null,
      runnerId,
      host,
      pid,
    });
  }

  #reportGone(attemptId: number, grantNumber: number, cancelled: boolean, reason: string): void {
    // Never within the call that caused it: the caller is in the middle of a turn.
    queueMicrotask(() =>
      this.#events.gone({ attemptId, grantNumber, cancelled, reason, atMs: this.#clock.now() }),
    );
  }

  #reportSpooled({ runnerId, host, pid, message }: SpooledOutcome): void {
    const key = keyOf(message);
    if (this.#reported.has(key)) return;
    this.#reported.set(key, null);
    const { verb: _verb, ...report } = message;
    this.#events.outcome({ ...report, runnerId, host, pid } satisfies OutcomeReport);
  }

  readonly #closures = new Map<string, () => void>();

  #readToEnd(runner: RunnerProcess): Promise<void> {
    if (runner.connection === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#closures.set(runner.runnerId, () => {
        this.#closures.delete(runner.runnerId);
        resolve();
      });
    });
  }

  // --- after a restart ------------------------------------------------------------------------------------------------------

  /** Finds the living runners of earlier schedulers and lets the idle ones go. Returns those that are gone, by id. */
  async #findRunners(): Promise<ReadonlyMap<string, { readonly sameBoot: boolean }>> {
    const { home, runners } = this.#options;
    const gone = new Map<string, { readonly sameBoot: boolean }>();
    const leaving: RunnerProcess[] = [];
    for (const row of await runners.open(hostname())) {
      if (this.#runners.has(row.runnerId)) continue;
      const identity = {
        runnerId: row.runnerId,
        host: row.host,
        bootId: row.bootId,
        pid: row.pid,
        pidStart: row.pidStart,
      };
      if (!isAlive(identity)) {
        gone.set(row.runnerId, { sameBoot: row.bootId === bootId() });
        removeRunnerFiles(home, row.runnerId);
        await runners.ended(row.runnerId, this.#clock.now());
        continue;
      }
      const runner = RunnerProcess.adopt(home, identity);
      runner.retiring = true;
      this.#watch(runner);
      leaving.push(runner);
    }
    // What a runner does stands in the process list, also while its code blocks it. One without work is about to put its last
    // outcome on disk and go, or comes back for a last word.
    const end = performance.now() + SETTLE_MS;
    const unsettled = (runner: RunnerProcess): boolean =>
      this.#runners.has(runner.runnerId) && !runner.isConnected && runner.shownAttempt === null;
    while (leaving.some(unsettled) && performance.now() < end) await this.#pause(LOOK_EVERY_MS);
    for (const runner of leaving) {
      const shown = runner.isConnected ? null : runner.shownAttempt;
      if (shown !== null) this.#expect(runner, shown);
    }
    return gone;
  }

  /** Null: it lives, or its outcome was found. */
  #takeOver(
    { attemptId, grantNumber, runnerId, processGroups }: AdoptableAttempt,
    gone: ReadonlyMap<string, { readonly sameBoot: boolean }>,
  ): { readonly attempt: LostAttempt; readonly sameBoot: boolean } | null {
    const assignment = this.#assignments.get(attemptId);
    if (assignment?.grantNumber === grantNumber) {
      for (const group of processGroups) assignment.groups.add(group);
      return null;
    }
    if (this.#reported.has(keyOf({ attemptId, grantNumber }))) return null;
    const spooled = this.#spool.read(attemptId, grantNumber);
    if (spooled !== null) {
      this.#reportSpooled(spooled);
      return null;
    }
    const sameBoot = runnerId === null || (gone.get(runnerId)?.sameBoot ?? true);
    const reason = sameBoot ? 'the runner process is gone' : 'the machine was restarted';
    return { attempt: { attemptId, grantNumber, started: runnerId !== null, reason }, sameBoot };
  }

  #track(ending: Promise<unknown>): void {
    const tracked: Promise<unknown> = ending
      .catch((error: unknown) =>
        this.#logger.error('Ending an attempt failed.', { error: errorMessage(error) }),
      )
      .finally(() => this.#endings.delete(tracked));
    this.#endings.add(tracked);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms).unref());
  }
}

function treeOf({ attemptId, groups, runner }: Assignment): ProcessTree {
  return { attemptId, groups: runner === null ? [...groups] : [runner.identity.pid, ...groups] };
}

function timeoutError(timeoutMs: number): SerializedError {
  return {
    name: 'ExecutionTimeoutError',
    code: 'execution_timeout',
    message: `The task ran longer than its executionTimeout of ${formatDuration(timeoutMs)} and did not stop, so its process was ended.`,
  };
}

function removeFrom<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at !== -1) list.splice(at, 1);
}

function keyOf({
  attemptId,
  grantNumber,
}: {
  readonly attemptId: number;
  readonly grantNumber: number;
}): string {
  return `${attemptId}-${grantNumber}`;
}
