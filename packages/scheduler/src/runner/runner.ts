import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failpoint } from '@tsflow/core/failpoint';
import { type LoadedBundle, loadBundle } from '@tsflow/core/loader';
import { AttemptLog, LogSegments, SecretMasker } from '@tsflow/core/logs';
import { identityOf, signalGroup } from '../processes/process-table.ts';
import { Claims } from '../task-api/claims.ts';
import { TaskApiClient } from '../task-api/client.ts';
import {
  type AboutAttempt,
  type RunnerIdentity,
  type RunnerMessage,
  type RunnerSettings,
  type SchedulerMessage,
  TASK_API_PROTOCOL,
  type Workload,
} from '../task-api/protocol.ts';
import { type OutcomeMessage, Spool } from '../task-api/spool.ts';
import { Attempt, type AttemptEnd } from './attempt.ts';
import { ProcessGuard } from './process-guard.ts';
import { Questions } from './questions.ts';
import { UnacceptedOutcomes } from './unaccepted-outcomes.ts';

export interface RunnerOptions {
  /** `TSFLOW_HOME`: versions, logs, spool and scratch lie below it. */
  readonly home: string;
  readonly socketPath: string;
  readonly runnerId: string;
}

const DEFAULTS: Required<Omit<RunnerSettings, 'maxXComBytes' | 'logHeadBytes' | 'logTailBytes'>> = {
  orphanGraceMs: 600_000,
  killGraceMs: 10_000,
  maxMemoryBytes: 512 * 1024 * 1024,
  maxAttempts: 10_000,
};

/** How often memory is looked at, in attempts: a look costs a few microseconds. */
const MEMORY_CHECK_EVERY = 16;

/** After an attempt that took longer, the sockets are looked at before the next one begins. */
const SHORT_MS = 5;

/** Declined grants that a new connection is told of again: more than one runner can have ahead. */
const MAX_DECLINED = 16;

type Grant = Extract<SchedulerMessage, { verb: 'grant' }>;

interface Running {
  readonly workload: Workload;
  readonly attempt: Attempt;
  readonly log: AttemptLog;
  readonly startedAtMs: number;
  cancelled: boolean;
  readonly groups: Set<number>;
}

/**
 * A process that runs attempts, one at a time, for the scheduler of its host. When that dies the attempt goes on: its outcome is
 * kept on disk, and the next scheduler on the same socket gets to know of both. Without work it does not outlive its scheduler.
 */
export class Runner {
  readonly #options: RunnerOptions;
  readonly #identity: RunnerIdentity;
  readonly #client: TaskApiClient;
  readonly #guard: ProcessGuard;
  readonly #segments: LogSegments;
  readonly #masker = new SecretMasker();
  readonly #bundles = new Map<string, Promise<LoadedBundle>>();
  /** Those whose code is there. */
  readonly #loaded = new Set<string>();
  readonly #scratchDir: string;
  #settings: RunnerSettings = {};
  #running: Running | null = null;
  /** Somebody goes through the queue: also between two attempts. */
  #isWorking = false;
  readonly #claims: Claims;
  /** Granted, and waiting for the one that runs. */
  readonly #queue: Grant[] = [];
  /** The last ones: a connection that breaks may lose the word. */
  #declined: RunnerMessage[] = [];
  readonly #unaccepted: UnacceptedOutcomes;
  readonly #questions = new Questions((question) => this.#client.send(question));
  #attempts = 0;
  #retiring = false;
  #orphanTimer: NodeJS.Timeout | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { home, runnerId } = options;
    this.#identity = { runnerId, ...identityOf(process.pid) };
    this.#scratchDir = join(home, 'scratch', runnerId);
    this.#guard = new ProcessGuard(this.#scratchDir, () => this.#abandon());
    this.#segments = new LogSegments(join(home, 'logs'), runnerId);
    this.#unaccepted = new UnacceptedOutcomes({
      spool: new Spool(home),
      identity: this.#identity,
      isConnected: () => this.#client.isConnected,
      spooled: () => {
        if (!this.#client.isConnected && this.#isDispensable) this.#endGroup();
      },
    });
    this.#claims = Claims.open(home, runnerId);
    this.#client = new TaskApiClient(options.socketPath, {
      greeting: () => this.#hello(),
      connected: () => this.#onConnected(),
      message: (message) => this.#onMessage(message),
      disconnected: () => this.#onDisconnected(),
    });
  }

  start(): void {
    mkdirSync(this.#scratchDir, { recursive: true, mode: 0o700 });
    // A service manager signals the whole group when the scheduler is to stop; what runs here is ended by the scheduler alone.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
    this.#guard.install();
    this.#showWhatRuns();
    this.#client.connect();
  }

  #hello(): RunnerMessage {
    const running = this.#running?.workload;
    const busyWith = running ? { attemptId: running.attemptId, grantNumber: running.grantNumber } : null;
    return { verb: 'hello', protocol: TASK_API_PROTOCOL, runner: this.#identity, busyWith };
  }

  /** After a reconnect: everything that the new scheduler has to know again. */
  #onConnected(): void {
    clearTimeout(this.#orphanTimer ?? undefined);
    this.#orphanTimer = null;
    const running = this.#running;
    if (running !== null) {
      this.#client.send(this.#startedMessage(running));
      for (const processGroup of running.groups)
        this.#client.send({ verb: 'group', ...about(running.workload), processGroup });
    }
    for (const message of this.#unaccepted.messages) this.#client.send(message);
    this.#questions.askAgain();
    for (const message of this.#declined) this.#client.send(message);
    for (const bundle of this.#loaded) this.#client.send({ verb: 'loaded', bundle });
  }

  #onDisconnected(): void {
    // They have not begun: the next scheduler grants them anew.
    this.#declineQueue();
    this.#unaccepted.spoolAll();
    if (this.#isDispensable) this.#endGroup();
    this.#orphanTimer ??= setTimeout(() => this.#endGroup(), this.#setting('orphanGraceMs'));
  }

  #onMessage(message: SchedulerMessage): void {
    switch (message.verb) {
      case 'welcome':
        this.#settings = message.settings ?? {};
        return;
      case 'grant':
        if (this.#retiring) return this.#decline(message);
        this.#queue.push(message);
        if (!this.#isWorking) void this.#work();
        return;
      case 'accepted':
        this.#forget(message);
        return;
      case 'fenced':
        this.#forget(message);
        // The attempt that replaced it may have taken its outside work over: no onKill, no word.
        if (this.#isRunning(message)) this.#endGroup();
        return;
      case 'cancel':
        if (this.#isRunning(message)) this.#cancel(this.#running!, message.reason);
        return;
      case 'reply':
      case 'reply_error':
        this.#questions.settle(message);
        return;
      case 'preload':
        void this.#load(message).catch(() => undefined);
        return;
      case 'retire':
        this.#retiring = true;
        this.#declineQueue();
        if (this.#running === null) void this.#leave();
        return;
    }
  }

  /** One after the other until nothing is granted. */
  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let grant = this.#queue.shift(); grant !== undefined; grant = this.#queue.shift()) {
      if (!this.#claims.claim(grant.ticket)) {
        this.#decline(grant);
        continue;
      }
      const running = this.#begin(grant.workload);
      const end = await running.attempt.run();
      if (running.cancelled) return this.#endCancelled(running);
      await this.#finish(running, end);
      // What the scheduler said meanwhile (or that it is gone) counts before the next one begins.
      if (this.#queue.length > 0 && Date.now() - running.startedAtMs > SHORT_MS) await lookAtSockets();
    }
    this.#isWorking = false;
  }

  #decline({ workload, ticket }: Grant): void {
    const message: RunnerMessage = { verb: 'declined', ...about(workload), ticket };
    this.#declined = [...this.#declined, message].slice(-MAX_DECLINED);
    this.#client.send(message);
  }

  #declineQueue(): void {
    for (const grant of this.#queue.splice(0)) this.#decline(grant);
  }

  #begin(workload: Workload): Running {
    const now = Date.now();
    const log = new AttemptLog({
      segment: this.#segments.current(now),
      attemptId: workload.attemptId,
      masker: this.#masker,
      now: () => Date.now(),
      ...(this.#settings.logHeadBytes === undefined ? {} : { headBytes: this.#settings.logHeadBytes }),
      ...(this.#settings.logTailBytes === undefined ? {} : { tailBytes: this.#settings.logTailBytes }),
    });
    const bundlePath = this.#bundlePath(workload);
    const groups = new Set<number>();
    const attempt = new Attempt(workload, {
      ports: {
        ask: (question) => this.#questions.ask(workload, question),
        registerGroup: (processGroup) => this.#registerGroup(workload, groups, processGroup),
        releaseGroup: (processGroup) => groups.delete(processGroup),
      },
      log,
      masker: this.#masker,
      scratchDir: this.#scratchDir,
      bundlePath,
      load: () => this.#load(workload),
      killGraceMs: this.#setting('killGraceMs'),
      maxXComBytes: this.#settings.maxXComBytes,
      now: () => Date.now(),
      named: (renderedMapIndex) => {
        this.#client.send({ verb: 'named', ...about(workload), renderedMapIndex });
        this.#client.flush();
      },
    });
    const running: Running = { workload, attempt, log, startedAtMs: now, cancelled: false, groups };
    this.#running = running;
    // Handed to the system before any user code runs: synchronous code would keep it back.
    this.#client.send(this.#startedMessage(running));
    this.#client.flush();
    this.#showWhatRuns();
    this.#guard.enter(
      { attemptId: workload.attemptId, log, fail: (error) => attempt.fail(error) },
      dirname(bundlePath),
    );
    return running;
  }

  async #finish(running: Running, end: AttemptEnd): Promise<void> {
    const unclean = await this.#guard.leave();
    if (running.cancelled) return this.#endCancelled(running);
    const logEnd = running.log.close();
    this.#masker.clear();
    this.#attempts += 1;
    const message: OutcomeMessage = {
      verb: 'outcome',
      ...about(running.workload),
      startedAtMs: running.startedAtMs,
      endedAtMs: end.endedAtMs,
      outcome: end.outcome,
      log: { segment: running.log.segment, start: running.log.start, end: logEnd },
      rendered: end.rendered,
      ...(end.renderedMapIndex === undefined ? {} : { renderedMapIndex: end.renderedMapIndex }),
    };
    const reason = end.settled
      ? (unclean ?? this.#reasonToRetire(running.workload))
      : "the task's code did not end";
    // Before the outcome, so that no grant follows it.
    if (reason !== null && !this.#retiring) {
      this.#retiring = true;
      this.#client.send({ verb: 'retiring', reason });
      this.#declineQueue();
    }
    failpoint('before-outcome-send');
    this.#running = null;
    if (this.#queue.length === 0) this.#showWhatRuns();
    this.#report(message);
    failpoint('after-outcome-send');
    if (this.#retiring) await this.#leave();
  }

  #report(message: OutcomeMessage): void {
    const wasSent = this.#client.send(message);
    this.#unaccepted.keep(message, wasSent);
    if (!wasSent && this.#isDispensable) this.#endGroup();
    // With the start of the next one, if there is one.
    if (this.#queue.length === 0) this.#client.flush();
  }

  /** Nothing runs here, and no outcome lives in this process alone. */
  get #isDispensable(): boolean {
    return this.#running === null && this.#unaccepted.areSafe;
  }

  #abandon(): void {
    this.#unaccepted.spoolAll();
    this.#client.flush();
    this.#endGroup();
  }

  /** The attempt was told to end and did: the supervisor sees this process go, and sweeps what it left. */
  async #endCancelled(running: Running): Promise<void> {
    running.log.close();
    this.#segments.close();
    this.#running = null;
    await this.#client.close();
    this.#guard.exit(0);
  }

  #cancel(running: Running, reason: string): void {
    running.cancelled = true;
    running.log.write('warn', 'system', `The attempt is ended: ${reason}.`);
    running.log.flush();
    running.attempt.cancel(reason);
  }

  /** Takes no more work: goes when its last outcome is accepted, or on disk. */
  async #leave(): Promise<void> {
    if (!this.#unaccepted.isEmpty && (this.#client.isConnected || !this.#isDispensable)) return;
    this.#segments.close();
    await this.#client.close();
    this.#endGroup();
  }

  #forget(about: AboutAttempt): void {
    this.#unaccepted.forget(about);
    if (this.#retiring && this.#running === null) void this.#leave();
  }

  /** Once it is in the socket a kill reaches it: what a dead scheduler did not read, the next one is told again. */
  async #registerGroup(workload: Workload, groups: Set<number>, processGroup: number): Promise<void> {
    groups.add(processGroup);
    this.#client.send({ verb: 'group', ...about(workload), processGroup });
    this.#client.flush();
  }

  #startedMessage({ workload, startedAtMs, log }: Running): RunnerMessage {
    return {
      verb: 'started',
      ...about(workload),
      atMs: startedAtMs,
      log: { segment: log.segment, start: log.start, end: null },
    };
  }

  #reasonToRetire(workload: Workload): string | null {
    if (workload.isolation === 'process') return 'the attempt asked for a process of its own';
    if (this.#attempts >= this.#setting('maxAttempts')) return `it ran ${this.#attempts} attempts`;
    if (this.#attempts % MEMORY_CHECK_EVERY !== 0) return null;
    const bytes = process.memoryUsage.rss();
    if (bytes <= this.#setting('maxMemoryBytes')) return null;
    return `it holds ${Math.round(bytes / 2 ** 20)} MB of memory`;
  }

  /** Shown by `ps`, and how a scheduler that starts anew learns what a runner does whose code blocks its event loop. */
  #showWhatRuns(): void {
    process.title = runnerTitle(this.#running?.workload ?? null);
  }

  /** Once for each version: a module that was imported stays, one that failed fails again in the same way. */
  #load({ bundle, entry }: BundlePlace): Promise<LoadedBundle> {
    const key = `${bundle}/${entry}`;
    let loading = this.#bundles.get(key);
    if (loading === undefined) {
      const sourceRoot = join(this.#options.home, 'versions', bundle);
      loading = loadBundle(join(sourceRoot, entry), { sourceRoot });
      loading.then(
        () => {
          this.#loaded.add(bundle);
          this.#client.send({ verb: 'loaded', bundle });
        },
        () => undefined,
      );
      this.#bundles.set(key, loading);
    }
    return loading;
  }

  #bundlePath({ bundle, entry }: BundlePlace): string {
    return join(this.#options.home, 'versions', bundle, entry);
  }

  #isRunning({
    attemptId,
    grantNumber,
  }: {
    readonly attemptId: number;
    readonly grantNumber: number;
  }): boolean {
    const workload = this.#running?.workload;
    return workload?.attemptId === attemptId && workload.grantNumber === grantNumber;
  }

  #setting(name: keyof typeof DEFAULTS): number {
    return this.#settings[name] ?? DEFAULTS[name];
  }

  /** Ends this process and all that is left in its group, and the groups that its attempt reported. */
  #endGroup(): never {
    this.#segments.close();
    for (const group of this.#running?.groups ?? []) signalGroup(group, 'SIGKILL');
    // The leader of a group of its own, when it was started as a runner is.
    signalGroup(process.pid, 'SIGKILL');
    return this.#guard.exit(0);
  }
}

type BundlePlace = Pick<Workload, 'bundle' | 'entry'>;

/** `tsflow-runner idle`, `tsflow-runner 42/1 etl.load`. */
export function runnerTitle(
  workload: Pick<Workload, 'attemptId' | 'grantNumber' | 'dagId' | 'taskId'> | null,
): string {
  if (workload === null) return 'tsflow-runner idle';
  return `tsflow-runner ${workload.attemptId}/${workload.grantNumber} ${workload.dagId}.${workload.taskId}`;
}

/** Resolves after the event loop has read what had arrived: the first turn may be the rest of the present one. */
function lookAtSockets(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function about({ attemptId, grantNumber }: Workload): AboutAttempt {
  return { attemptId, grantNumber };
}
