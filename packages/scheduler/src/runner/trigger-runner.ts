import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { TsflowError } from '@tsflow/core/errors';
import { type LoadedBundle, loadBundle } from '@tsflow/core/loader';
import { AttemptLog, LogSegments, SecretMasker } from '@tsflow/core/logs';
import { identityOf, signalGroup } from '../processes/process-table.ts';
import { TaskApiClient } from '../task-api/client.ts';
import {
  type RunnerMessage,
  type SchedulerMessage,
  TASK_API_PROTOCOL,
  type Workload,
} from '../task-api/protocol.ts';
import { Attempt } from './attempt.ts';
import { Questions } from './questions.ts';
import type { RunnerOptions } from './runner.ts';

/** A trigger process that no scheduler talks to for this long goes. */
const LONELY_MS = 30_000;

interface Waiting {
  readonly attempt: Attempt;
  fenced: boolean;
}

/**
 * The process in which triggers wait: many at a time, each an async function of the author. It keeps nothing: when its scheduler goes it
 * goes too, and the next one hands the triggers of all deferred attempts out again.
 */
export class TriggerRunner {
  readonly #options: RunnerOptions;
  readonly #client: TaskApiClient;
  readonly #waiting = new Map<string, Waiting>();
  readonly #bundles = new Map<string, Promise<LoadedBundle>>();
  readonly #questions = new Questions((question) => this.#client.send(question));
  #lastLog = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#client = new TaskApiClient(options.socketPath, {
      greeting: () => this.#hello(),
      connected: () => clearTimeout(lonely),
      message: (message) => this.#onMessage(message),
      disconnected: () => this.#leave(),
    });
    const lonely = setTimeout(() => this.#leave(), LONELY_MS);
  }

  start(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
    // What one trigger leaves behind must not end the others. Its own end is what its `run` returns or throws.
    process.on('unhandledRejection', (error) =>
      process.stderr.write(`Unhandled rejection: ${String(error)}\n`),
    );
    process.title = 'tsflow-triggers';
    this.#client.connect();
  }

  #hello(): RunnerMessage {
    const runner = { runnerId: this.#options.runnerId, ...identityOf(process.pid) };
    return { verb: 'hello', protocol: TASK_API_PROTOCOL, runner, busyWith: null };
  }

  #onMessage(message: SchedulerMessage): void {
    switch (message.verb) {
      case 'grant':
        void this.#wait(message.workload);
        return;
      case 'fenced': {
        const waiting = this.#waiting.get(keyOf(message));
        if (waiting === undefined) return;
        waiting.fenced = true;
        waiting.attempt.cancel('it is no longer waited for');
        return;
      }
      case 'reply':
      case 'reply_error':
        this.#questions.settle(message);
        return;
      case 'retire':
        this.#leave();
        return;
      default:
        return;
    }
  }

  async #wait(workload: Workload): Promise<void> {
    const key = keyOf(workload);
    if (this.#waiting.has(key)) return;
    const { home, runnerId } = this.#options;
    const startedAtMs = Date.now();
    const scratchDir = join(home, 'scratch', runnerId);
    mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
    const masker = new SecretMasker();
    // A file only for those that write: many triggers log at once, and an attempt's lines stand together.
    const segments = new LogSegments(join(home, 'logs'), `${runnerId}-${++this.#lastLog}`);
    const log = new AttemptLog({
      segment: segments.current(startedAtMs),
      attemptId: workload.attemptId,
      masker,
      now: () => Date.now(),
    });
    const sourceRoot = join(home, 'versions', workload.bundle);
    const bundlePath = join(sourceRoot, workload.entry);
    const attempt = new Attempt(workload, {
      ports: {
        ask: (question) => this.#questions.ask(workload, question),
        registerGroup: () =>
          Promise.reject(
            new TsflowError('no_processes', 'A trigger starts no processes: the task does that.'),
          ),
        releaseGroup: () => undefined,
      },
      log,
      masker,
      scratchDir,
      bundlePath,
      load: () => this.#load(bundlePath, sourceRoot),
      killGraceMs: 0,
      now: () => Date.now(),
    });
    const waiting: Waiting = { attempt, fenced: false };
    this.#waiting.set(key, waiting);
    const { outcome, endedAtMs } = await attempt.run();
    this.#waiting.delete(key);
    const end = log.close();
    segments.close();
    if (waiting.fenced) return;
    const { attemptId, grantNumber } = workload;
    const place = { segment: log.segment, start: log.start, end };
    this.#client.send({
      verb: 'outcome',
      attemptId,
      grantNumber,
      startedAtMs,
      endedAtMs,
      outcome,
      log: place,
      rendered: null,
    });
    this.#client.flush();
  }

  /** Once for each version. */
  #load(bundlePath: string, sourceRoot: string): Promise<LoadedBundle> {
    let loading = this.#bundles.get(bundlePath);
    if (loading === undefined) {
      loading = loadBundle(bundlePath, { sourceRoot });
      loading.catch(() => undefined);
      this.#bundles.set(bundlePath, loading);
    }
    return loading;
  }

  #leave(): never {
    signalGroup(process.pid, 'SIGKILL');
    return process.exit(0);
  }
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
