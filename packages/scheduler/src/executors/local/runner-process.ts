import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failpoint } from '@tsflow/core/failpoint';
import { identityOf, isAlive, signalGroup, titleOf } from '../../processes/process-table.ts';
import { Claims } from '../../task-api/claims.ts';
import type { RunnerIdentity, SchedulerMessage, Workload } from '../../task-api/protocol.ts';
import type { RunnerConnection } from '../../task-api/server.ts';
import type { Assignment } from './assignment.ts';

/** How often a process that is not our child is looked at. */
const LOOK_EVERY_MS = 500;

/** Only the end of what a dying process printed says why. */
const LAST_WORDS = 2_000;

export interface RunnerPlace {
  readonly home: string;
  readonly socketPath: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** How a runner process ended. */
export interface RunnerExit {
  /** In words: `killed by signal 9`, `runner exited with code 3`. */
  readonly reason: string;
  /** What it printed last, past the logs of attempts. */
  readonly lastWords: string;
}

/** One runner process of this host: a child of ours, or one that an earlier scheduler started. */
export class RunnerProcess {
  readonly identity: RunnerIdentity;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<RunnerExit>;
  connection: RunnerConnection | null = null;
  assignment: Assignment | null = null;
  /** Granted too, and waiting there until that one has ended. */
  readonly ahead: Assignment[] = [];
  /** It takes no further attempt. */
  retiring = false;
  /** Attempts that it was given. */
  used = 0;
  /** Bundles whose code it has. */
  readonly loaded = new Set<string>();
  /** Monotonic time since which it has nothing to do. */
  idleSince = 0;
  readonly #home: string;
  /** Null: another scheduler started it, and it gets nothing from this one; or it is gone. */
  #claims: Claims | null;
  /** What it had claimed when it went. */
  #lastClaimed = 0;
  #lastTicket = 0;

  private constructor(
    home: string,
    identity: RunnerIdentity,
    exited: Promise<string>,
    claims: Claims | null = null,
  ) {
    this.#home = home;
    this.identity = identity;
    this.#claims = claims;
    this.exited = exited.then((reason) => ({ reason, lastWords: this.#takeLastWords() }));
  }

  /** Starts a runner in a process group of its own. Throws when the system refuses. */
  static async spawn(
    runnerId: string,
    { home, socketPath, environment }: RunnerPlace,
  ): Promise<RunnerProcess> {
    const scratchDir = join(home, 'scratch', runnerId);
    mkdirSync(scratchDir, { recursive: true, mode: 0o700 });
    const claims = Claims.create(home, runnerId);
    try {
      const child = startProcess(
        home,
        socketPath,
        runnerId,
        runnerEnvironment(environment, home, scratchDir),
      );
      const exited = exitOf(child);
      failpoint('after-spawn');
      if (child.pid === undefined) throw new Error(await exited);
      child.unref();
      return new RunnerProcess(home, { runnerId, ...identityOf(child.pid) }, exited, claims);
    } catch (error) {
      claims.close();
      removeRunnerFiles(home, runnerId);
      throw error;
    }
  }

  /** A living process that another scheduler started. */
  static adopt(home: string, identity: RunnerIdentity): RunnerProcess {
    return new RunnerProcess(home, identity, disappearanceOf(identity));
  }

  get runnerId(): string {
    return this.identity.runnerId;
  }

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** What it says in the process list that it does; null: nothing, or it is gone. */
  get shownAttempt(): { readonly attemptId: number; readonly grantNumber: number } | null {
    const match = /^tsflow-runner (\d+)\/(\d+) /.exec(titleOf(this.identity.pid));
    return match === null ? null : { attemptId: Number(match[1]), grantNumber: Number(match[2]) };
  }

  send(message: SchedulerMessage): void {
    this.connection?.send(message);
  }

  /** Whether it has loaded what this attempt runs: before that, the time that passes is not the attempt's own. */
  hasCodeOf(workload: Workload | null): boolean {
    return workload !== null && this.loaded.has(workload.bundle);
  }

  /** Hands it one more attempt. Returns the ticket. */
  grant(workload: Workload): number {
    const ticket = ++this.#lastTicket;
    this.send({ verb: 'grant', workload, ticket });
    return ticket;
  }

  /** Takes back every grant that it has not begun. Returns the ticket of the last that it may have. */
  revoke(): number {
    if (this.#claims === null) return this.#lastClaimed;
    try {
      return this.#claims.revoke(this.#lastTicket);
    } catch {
      // A disk that does not answer: nothing is taken back.
      return this.#lastTicket;
    }
  }

  /** Ends it and everything in its group. */
  kill(): void {
    signalGroup(this.identity.pid, 'SIGKILL');
  }

  #closeClaims(): void {
    if (this.#claims === null) return;
    this.#lastClaimed = this.revoke();
    this.#claims.close();
    this.#claims = null;
  }

  #takeLastWords(): string {
    const words = lastWords(this.#home, this.runnerId);
    this.#closeClaims();
    removeRunnerFiles(this.#home, this.runnerId);
    return words;
  }
}

function startProcess(
  home: string,
  socketPath: string,
  runnerId: string,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const output = openOutput(home, runnerId);
  try {
    return spawn(process.execPath, ['--enable-source-maps', runnerMain, home, socketPath, runnerId], {
      cwd: home,
      detached: true,
      // Read by nobody: attempts print into their logs. A pipe would break when this process dies.
      stdio: ['ignore', output, output],
      env,
    });
  } finally {
    closeSync(output);
  }
}

/** Removes what a runner that is gone left on disk, its attempts' logs excepted. */
export function removeRunnerFiles(home: string, runnerId: string): void {
  rmSync(outputPath(home, runnerId), { force: true });
  Claims.remove(home, runnerId);
  rmSync(join(home, 'scratch', runnerId), { recursive: true, force: true });
}

function lastWords(home: string, runnerId: string): string {
  try {
    return readFileSync(outputPath(home, runnerId), 'utf8').trim().slice(-LAST_WORDS);
  } catch {
    return '';
  }
}

const runnerMain = fileURLToPath(new URL('../../runner/main.js', import.meta.url));

/**
 * Runners get what the scheduler's own environment has, for the user's libraries, without what configures tsflow (the database's
 * password among it) and without Node's options, which a debugger or a test runner meant for its own process.
 */
function runnerEnvironment(
  environment: NodeJS.ProcessEnv,
  home: string,
  scratchDir: string,
): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(
    ([name]) => name === 'TSFLOW_FAILPOINT' || !(name === 'NODE_OPTIONS' || name.startsWith('TSFLOW_')),
  );
  return { ...Object.fromEntries(kept), TSFLOW_HOME: home, TMPDIR: scratchDir };
}

function openOutput(home: string, runnerId: string): number {
  mkdirSync(join(home, 'logs', 'runners'), { recursive: true, mode: 0o700 });
  return openSync(outputPath(home, runnerId), 'a', 0o600);
}

function outputPath(home: string, runnerId: string): string {
  return join(home, 'logs', 'runners', `${runnerId}.out`);
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`the runner could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(
        signal === null ? `runner exited with code ${code}` : `killed by signal ${signalNumber(signal)}`,
      ),
    );
  });
}

function disappearanceOf(identity: RunnerIdentity): Promise<string> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (isAlive(identity)) return;
      clearInterval(timer);
      resolve('the runner process is gone');
    };
    const timer = setInterval(look, LOOK_EVERY_MS).unref();
  });
}

function signalNumber(signal: NodeJS.Signals): string {
  const number = constants.signals[signal];
  return number === undefined ? signal : String(number);
}
