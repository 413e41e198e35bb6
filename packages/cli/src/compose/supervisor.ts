import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '@tsflow/core/clock';
import { TsflowError } from '@tsflow/core/errors';
import type { Service } from '@tsflow/core/service';

/** One process that a supervisor keeps running. */
export interface ChildSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface SupervisorOptions {
  readonly children: readonly ChildSpec[];
  readonly clock: Clock;
  /** How long children may take to stop by themselves. */
  readonly stopGraceMs: number;
  /** A line that a child printed, or one about it. */
  readonly onLine: (name: string, line: string) => void;
}

/** Thrown when a process ends as soon as it has started: it would end again. Its own last lines say why. */
export class ChildFailedError extends TsflowError {
  readonly child: string;

  constructor(child: string, how: string) {
    super('child_failed', `The ${child} did not start (${how}): its last lines say why.`);
    this.child = child;
  }
}

/** A first life shorter than this is a failure to start; a later one only costs its back-off. */
const STARTED_MS = 5_000;
const FIRST_BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** A life this long forgets earlier deaths. */
const STEADY_MS = 60_000;

/**
 * Keeps a few processes running: one that dies is started again, after a growing pause. They are started in groups of their own, so
 * that Ctrl-C in a terminal reaches the supervisor alone, and each holds the end of a pipe that closes when the supervisor
 * is killed.
 *
 * Stopping: TERM to all; a second `stop` sends TERM again (no more waiting); those that are left after the grace are killed.
 */
export class Supervisor implements Service {
  readonly #options: SupervisorOptions;
  readonly #children: SupervisedChild[];
  #fail: (error: Error) => void = () => undefined;
  /** Rejects when a process cannot be started at all. */
  readonly failed: Promise<never>;
  #stops = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = reject;
    });
    // Whoever waits for it gets it; nobody has to.
    this.failed.catch(() => undefined);
    this.#children = options.children.map(
      (spec) => new SupervisedChild(spec, options, (error) => this.#fail(error)),
    );
  }

  async start(): Promise<void> {
    for (const child of this.#children) child.start();
  }

  async stop(): Promise<void> {
    this.#stops += 1;
    for (const child of this.#children) child.terminate();
    if (this.#stops > 2) for (const child of this.#children) child.kill();
    const kill = this.#options.clock.setTimer(this.#options.stopGraceMs, () => {
      for (const child of this.#children) child.kill();
    });
    // The last child may be gone while the timer is all that keeps the process alive, and it does not: children do.
    await Promise.all(this.#children.map((child) => child.ended()));
    kill.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

class SupervisedChild {
  readonly #spec: ChildSpec;
  readonly #options: SupervisorOptions;
  readonly #onHopeless: (error: Error) => void;
  #process: ChildProcess | null = null;
  #startedAt = 0;
  #wasUp = false;
  #deaths = 0;
  #restart: Timer | null = null;
  #stopping = false;
  #exit: Promise<void> = Promise.resolve();

  constructor(spec: ChildSpec, options: SupervisorOptions, onHopeless: (error: Error) => void) {
    this.#spec = spec;
    this.#options = options;
    this.#onHopeless = onHopeless;
  }

  start(): void {
    const { name, command, args, env } = this.#spec;
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    this.#process = child;
    this.#startedAt = this.#options.clock.monotonic();
    child.stdin.on('error', () => undefined);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#options.onLine(name, line));
    }
    this.#exit = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#process = null;
        this.#onHopeless(error);
        resolve();
      });
      // `close`, not `exit`: its last lines have been read then.
      child.once('close', (code, signal) => {
        this.#process = null;
        if (!this.#stopping) this.#died(code, signal);
        resolve();
      });
    });
  }

  terminate(): void {
    this.#stopping = true;
    this.#restart?.cancel();
    this.#process?.kill('SIGTERM');
  }

  kill(): void {
    this.#process?.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    await this.#exit;
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    const { clock, onLine } = this.#options;
    const { name } = this.#spec;
    const livedMs = clock.monotonic() - this.#startedAt;
    // A signal came from outside and says nothing about the next start.
    if (!this.#wasUp && signal === null && livedMs < STARTED_MS) {
      this.#onHopeless(new ChildFailedError(name, how));
      return;
    }
    this.#wasUp = true;
    this.#deaths = livedMs >= STEADY_MS ? 1 : this.#deaths + 1;
    const pauseMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#deaths - 1));
    onLine(name, `ended with ${how}; starts again in ${pauseMs / 1000} s`);
    this.#restart = clock.setTimer(pauseMs, () => this.start());
  }
}
