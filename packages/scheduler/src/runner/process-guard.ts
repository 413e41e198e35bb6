import childProcess, { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, ftruncateSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { TsflowError } from '@tsflow/core/errors';
import type { AttemptLog } from '@tsflow/core/logs';
import { ATTEMPT_VARIABLE, attemptMembers, groupMembers, signalProcess } from '../processes/process-table.ts';

/** Recorded when a task ends the process instead of returning: an exit code is not a result, zero neither. */
export class TaskExitedError extends TsflowError {
  constructor(code: unknown) {
    super(
      'task_exited',
      `The task called process.exit(${code === undefined ? '' : String(code)}). Return from the task, or throw TaskFailed, TaskSkipped.`,
    );
  }
}

/** Most of what came past Node (a child with inherited output, a native library) that is kept in the log, in bytes. */
const MAX_NATIVE_OUTPUT_BYTES = 1024 * 1024;

/** Whom the guard works for now. */
export interface GuardedAttempt {
  readonly attemptId: number;
  readonly log: AttemptLog;
  /** The attempt cannot go on: `process.exit`, or an error that nobody caught. */
  fail(error: Error): void;
}

/**
 * Stands between one attempt and the runner process that others will use after it: what the attempt prints goes into its log, what
 * it changes (environment, working directory, scratch files) is undone, what it leaves running is ended or noticed.
 */
export class ProcessGuard {
  readonly #scratchDir: string;
  readonly #onUnusable: () => void;
  readonly #environment: NodeJS.ProcessEnv;
  /** Old values of variables that the attempt changed; undefined: there was none. */
  readonly #changed = new Map<string, string | undefined>();
  readonly #exit = process.exit.bind(process);
  #attempt: GuardedAttempt | null = null;
  #resources = new Map<string, number>();
  #nativeOutput = 0;
  #spawned = false;
  #stray: string | null = null;
  #directory = process.cwd();

  /**
   * @param scratchDir exists, and belongs to this process alone
   * @param onUnusable ends this process: something that an earlier attempt left behind threw
   */
  constructor(scratchDir: string, onUnusable: () => void) {
    this.#scratchDir = scratchDir;
    this.#onUnusable = onUnusable;
    this.#environment = process.env;
  }

  /** Replaces what user code can reach of this process. Once, before the first attempt. */
  install(): void {
    process.env = this.#watchedEnvironment();
    process.stdout.write = this.#capture('stdout');
    process.stderr.write = this.#capture('stderr');
    process.exit = ((code?: number | string | null) => {
      if (this.#attempt === null) return this.#exit(code);
      const error = new TaskExitedError(code);
      this.#attempt.fail(error);
      throw error;
    }) as typeof process.exit;
    process.on('uncaughtException', (error) => this.#onStray('an uncaught exception', error, true));
    process.on('unhandledRejection', (reason) => this.#onStray('an unhandled rejection', reason, false));
    this.#watchSpawns();
    this.#nativeOutput = this.#nativeOutputSize();
  }

  /** The real `process.exit`. */
  exit(code: number): never {
    return this.#exit(code);
  }

  enter(attempt: GuardedAttempt, directory: string): void {
    this.#attempt = attempt;
    this.#environment[ATTEMPT_VARIABLE] = String(attempt.attemptId);
    this.#resources = activeResources();
    this.#spawned = false;
    this.#stray = null;
    if (directory === this.#directory) return;
    try {
      process.chdir(directory);
      this.#directory = directory;
    } catch {
      // The bundle is not there: loading it says so in words.
    }
  }

  /** Ends what the attempt left behind. Returns why this process must not be used again; null: it is as it was. */
  async leave(): Promise<string | null> {
    const leaked = await this.#leakedResources();
    this.#sweepProcesses();
    this.#logNativeOutput();
    this.#attempt = null;
    this.#restoreEnvironment();
    this.#emptyScratch();
    if (this.#directory !== process.cwd()) process.chdir(this.#directory);
    if (this.#stray !== null) return this.#stray;
    return leaked === null ? null : `the attempt left ${leaked} open`;
  }

  #watchedEnvironment(): NodeJS.ProcessEnv {
    const remember = (name: string | symbol): void => {
      if (typeof name === 'string' && !this.#changed.has(name))
        this.#changed.set(name, this.#environment[name]);
    };
    return new Proxy(this.#environment, {
      set: (target, name, value) => {
        remember(name);
        return Reflect.set(target, name, value);
      },
      deleteProperty: (target, name) => {
        remember(name);
        return Reflect.deleteProperty(target, name);
      },
      defineProperty: (target, name, descriptor) => {
        remember(name);
        return Reflect.defineProperty(target, name, descriptor);
      },
    });
  }

  #restoreEnvironment(): void {
    for (const [name, value] of this.#changed) {
      if (value === undefined) delete this.#environment[name];
      else this.#environment[name] = value;
    }
    this.#changed.clear();
  }

  /** Between attempts it goes nowhere: nobody would look for it. */
  #capture(source: 'stdout' | 'stderr'): typeof process.stdout.write {
    return ((chunk: string | Uint8Array, encoding?: unknown, callback?: unknown) => {
      const text = typeof chunk === 'string' && typeof encoding === 'string' && !/^utf-?8$/i.test(encoding);
      this.#attempt?.log.print(source, text ? Buffer.from(chunk, encoding as BufferEncoding) : chunk);
      const done = typeof encoding === 'function' ? encoding : callback;
      if (typeof done === 'function') queueMicrotask(() => (done as (error?: Error) => void)());
      return true;
    }) as typeof process.stdout.write;
  }

  #onStray(what: string, thrown: unknown, fatal: boolean): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const attempt = this.#attempt;
    // Of an attempt that is over: the process is not to be trusted with another one.
    if (attempt === null) return this.#onUnusable();
    this.#stray = `the attempt left ${what} (${error.message})`;
    attempt.log.write(
      'error',
      'system',
      `Outside of the task's own promise, ${what}: ${error.stack ?? error.message}`,
    );
    if (fatal) attempt.fail(error);
  }

  #watchSpawns(): void {
    const notice = (): void => {
      this.#spawned = true;
    };
    const prototype = ChildProcess.prototype as unknown as { spawn(options: unknown): unknown };
    const spawn = prototype.spawn;
    prototype.spawn = function (this: unknown, options) {
      notice();
      return spawn.call(this, options);
    };
    const { spawnSync } = childProcess;
    childProcess.spawnSync = ((...args: Parameters<typeof spawnSync>) => {
      notice();
      return spawnSync(...args);
    }) as typeof spawnSync;
    for (const name of ['execSync', 'execFileSync'] as const) {
      const original = childProcess[name] as (...args: unknown[]) => unknown;
      Object.assign(childProcess, {
        [name]: (...args: unknown[]) => {
          notice();
          return original(...args);
        },
      });
    }
    // Named imports of node:child_process see the wrapped functions too.
    syncBuiltinESMExports();
  }

  /** Processes that the attempt started and that are still there, in this group or wherever they moved. */
  #sweepProcesses(): void {
    if (!this.#spawned || this.#attempt === null) return;
    const left = new Set([...groupMembers(process.pid), ...attemptMembers(this.#attempt.attemptId)]);
    left.delete(process.pid);
    for (const pid of left) signalProcess(pid, 'SIGKILL');
    if (left.size > 0)
      this.#attempt.log.write('warn', 'system', `Ended ${left.size} processes that the task left behind.`);
  }

  /** What still keeps the event loop busy and did not before; things that are just closing get a turn to do so. */
  async #leakedResources(): Promise<string | null> {
    for (let turns = 0; ; turns++) {
      const leaked = this.#newResources();
      if (leaked === null || turns === 3) return leaked;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #newResources(): string | null {
    for (const [type, count] of activeResources()) {
      const before = this.#resources.get(type) ?? 0;
      if (count > before) return `${count - before} ${type}`;
    }
    return null;
  }

  #nativeOutputSize(): number {
    try {
      const status = fstatSync(2);
      return status.isFile() ? status.size : 0;
    } catch {
      return 0;
    }
  }

  /** Descriptors 1 and 2 are one file of this runner: what did not come through Node is there. */
  #logNativeOutput(): void {
    const size = this.#nativeOutputSize();
    if (size <= this.#nativeOutput || this.#attempt === null) return;
    const from = Math.max(this.#nativeOutput, size - MAX_NATIVE_OUTPUT_BYTES);
    try {
      const file = openSync('/proc/self/fd/2', 'r');
      try {
        const buffer = Buffer.alloc(size - from);
        const read = readSync(file, buffer, 0, buffer.length, from);
        this.#attempt.log.print('stderr', buffer.subarray(0, read));
        this.#attempt.log.print('stderr', '\n');
      } finally {
        closeSync(file);
      }
      // Opened for appending, so the next byte goes to the new end.
      ftruncateSync(2, 0);
      this.#nativeOutput = 0;
    } catch {
      this.#nativeOutput = size;
    }
  }

  #emptyScratch(): void {
    try {
      for (const name of readdirSync(this.#scratchDir)) {
        rmSync(join(this.#scratchDir, name), { recursive: true, force: true });
      }
    } catch {
      // Removed with the runner's directory at the latest.
    }
  }
}

/** What keeps the event loop alive now, counted by type. Idle keep-alive sockets do not. */
function activeResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (type === 'Immediate' || type === 'TickObject') continue;
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
