import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { TaskContext } from '../dag/context.ts';
import { TsflowError } from '../errors.ts';

/** From SIGTERM to SIGKILL when an attempt ends early, in milliseconds: the default grace of kills. */
export const KILL_GRACE_MS = 10_000;

/** What a command may inherit of the runner's environment. Everything else would leak how the installation is configured. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'SHELL'];

/** Longest line that is logged in one piece, in characters. A longer one is cut into pieces, so that memory stays bounded. */
const MAX_LINE = 64 * 1024;

/** How long output that was already written is read after the command's end, when something it left behind holds the pipe. */
const DRAIN_MS = 200;

/** Thrown when a command did not end with exit code 0. Exactly one of `exitCode` and `signal` is not null. */
export class CommandFailedError extends TsflowError {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** Name of the signal that ended it; null: none did. */
  readonly signal: string | null;
  /** Number of that signal; null: none did. */
  readonly signalNumber: number | null;

  constructor(what: string, end: CommandEnd, lastErrorLine: string | null) {
    const how =
      end.signal === null
        ? `exited with code ${end.exitCode}`
        : `killed by signal ${end.signalNumber} (${end.signal})`;
    super('command_failed', `${what} ${how}${lastErrorLine === null ? '.' : `: ${lastErrorLine}`}`);
    this.exitCode = end.exitCode;
    this.signal = end.signal;
    this.signalNumber = end.signalNumber;
  }
}

/** A program to run for a task, in a process group of its own. */
export interface Command {
  /** The program: a path, or a name that is looked for in `PATH`. */
  readonly file: string;
  /** As the program gets them: no shell reads them. */
  readonly args: readonly string[];
  /** Added to {@link commandEnvironment}. A null leaves the variable out. */
  readonly env?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  /** Working directory. */
  readonly cwd: string;
  /** Called with each line, without its end. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** How a command ended. */
export interface CommandEnd {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  /** Name of the signal that ended it; null: none did. */
  readonly signal: string | null;
  /** Number of that signal; null: none did. */
  readonly signalNumber: number | null;
  /** Last line of stdout that is not blank; null: there was none. */
  readonly lastLine: string | null;
  /** The same of stderr. */
  readonly lastErrorLine: string | null;
}

/**
 * The shell waits at its third pipe until the group is registered, so nothing of the command runs that a kill would not reach;
 * should this process die before, the read fails and the command never starts. Arguments are passed on as they are, unquoted.
 */
const GATE = 'read go <&3 || exit 125; exec 3<&-; exec "$@"';

/**
 * Runs `command` to its end, whatever that is, and returns how it ended. What it started and left behind ends with it. When the attempt's signal
 * fires the whole group gets SIGTERM, after ten seconds SIGKILL, and the reason of the signal is thrown once it is gone.
 */
export async function runCommand(context: TaskContext, command: Command): Promise<CommandEnd> {
  context.signal.throwIfAborted();
  const { processes, signal } = context;
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', command.file, ...command.args], {
    cwd: command.cwd,
    env: { ...commandEnvironment(context), ...asEnvironment(command.env ?? {}), ...processes.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  const [stdout, stderr] = [new Lines(), new Lines()];
  const drained = Promise.all([
    readLines(child.stdout!, stdout, (line) => command.onLine(line, 'stdout')),
    readLines(child.stderr!, stderr, (line) => command.onLine(line, 'stderr')),
  ]);
  const group = child.pid;
  if (group === undefined) return await ended; // It could not be started: `ended` throws.
  const terminate = () => terminateGroup(group, ended);
  signal.addEventListener('abort', terminate, { once: true });
  try {
    await openGate(child, processes.register(group));
    const end = await ended;
    killGroup(group, 'SIGKILL');
    await Promise.race([drained, pause(DRAIN_MS)]);
    signal.throwIfAborted();
    return { ...end, lastLine: stdout.last, lastErrorLine: stderr.last };
  } catch (error) {
    killGroup(group, 'SIGKILL');
    throw error;
  } finally {
    signal.removeEventListener('abort', terminate);
    processes.release(group);
  }
}

/**
 * The environment that commands get: a few variables of the machine, and the facts of the attempt as `TSFLOW_*`. Params come as
 * `TSFLOW_PARAMS` (JSON) and, those that are a single value, as `TSFLOW_PARAM_<name>`.
 */
export function commandEnvironment(context: TaskContext): Record<string, string> {
  const inherited = INHERITED.flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  const params = Object.entries(context.params).filter(
    ([name, value]) => /^\w+$/.test(name) && ['string', 'number', 'boolean'].includes(typeof value),
  );
  const values = {
    TMPDIR: context.scratchDir,
    TSFLOW_DAG_ID: context.dagId,
    TSFLOW_RUN_ID: context.runId,
    TSFLOW_RUN_TYPE: context.runType,
    TSFLOW_TASK_ID: context.taskId,
    TSFLOW_MAP_INDEX: context.mapIndex,
    TSFLOW_TRY_NUMBER: context.tryNumber,
    TSFLOW_LOGICAL_DATE: context.ts,
    TSFLOW_DATA_INTERVAL_START: context.dataInterval.start.toISOString(),
    TSFLOW_DATA_INTERVAL_END: context.dataInterval.end.toISOString(),
    TSFLOW_DS: context.ds,
    TSFLOW_TIMEZONE: context.timezone,
    TSFLOW_PARAMS: JSON.stringify(context.params),
    ...Object.fromEntries(params.map(([name, value]) => [`TSFLOW_PARAM_${name}`, value as string])),
  };
  return { ...(Object.fromEntries(inherited) as Record<string, string>), ...asEnvironment(values) };
}

/** Longest value of an environment variable that Linux takes, in bytes (MAX_ARG_STRLEN less its name and end). */
const MAX_VALUE_BYTES = 128 * 1024 - 256;

function asEnvironment(values: NonNullable<Command['env']>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined) continue;
    const text = String(value);
    if (text.includes('\0'))
      throw new TsflowError('invalid_environment', `The env value ${name} holds a NUL character.`);
    // One too long makes the command fail to start, with a message that names nothing.
    if (Buffer.byteLength(text) > MAX_VALUE_BYTES) {
      if (name === 'TSFLOW_PARAMS' || name.startsWith('TSFLOW_PARAM_')) continue;
      throw new TsflowError(
        'invalid_environment',
        `The env value ${name} has ${Buffer.byteLength(text)} bytes; at most ${MAX_VALUE_BYTES} fit. Write it to a file in the scratch directory.`,
      );
    }
    environment[name] = text;
  }
  return environment;
}

async function openGate(child: ChildProcess, registered: Promise<void>): Promise<void> {
  await registered;
  const gate = child.stdio[3] as Writable;
  // A child that was killed while it waited has closed its end.
  gate.on('error', () => undefined);
  gate.end('go\n');
}

function endOf(child: ChildProcess): Promise<CommandEnd> {
  const { promise, resolve, reject } = withResolvers<CommandEnd>();
  child.once('error', reject);
  child.once('exit', (exitCode, signal) => {
    resolve({ exitCode, signal, signalNumber: signalNumber(signal), lastLine: null, lastErrorLine: null });
  });
  // Awaited late: until then a failure to start must not count as an unhandled rejection.
  promise.catch(() => undefined);
  return promise;
}

function terminateGroup(group: number, ended: Promise<unknown>): void {
  killGroup(group, 'SIGTERM');
  const timer = setTimeout(() => killGroup(group, 'SIGKILL'), KILL_GRACE_MS);
  void ended.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
}

/** A group that is gone already is what was wanted. */
function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // ESRCH: nobody is left.
  }
}

/** Splits text into lines and keeps the last one that says something. */
class Lines {
  last: string | null = null;
  #rest = '';

  /** The lines that `text` completes. `\r` ends one too: progress bars rewrite theirs. */
  push(text: string): readonly string[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    const pieces = piecesOf(lines.pop()!);
    this.#rest = pieces.pop() ?? '';
    return this.#kept([...lines.flatMap((line) => (line === '' ? [''] : piecesOf(line))), ...pieces]);
  }

  end(): readonly string[] {
    const rest = this.#rest.replace(/\r$/, '');
    this.#rest = '';
    return this.#kept(rest === '' ? [] : [rest]);
  }

  #kept(lines: readonly string[]): readonly string[] {
    this.last = lines.findLast((line) => line.trim() !== '') ?? this.last;
    return lines;
  }
}

function piecesOf(line: string): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < line.length; from += MAX_LINE) pieces.push(line.slice(from, from + MAX_LINE));
  return pieces;
}

async function readLines(stream: Readable, lines: Lines, onLine: (line: string) => void): Promise<void> {
  stream.setEncoding('utf8');
  try {
    for await (const chunk of stream) lines.push(chunk as string).forEach(onLine);
  } catch {
    // The pipe broke with its process; what came before it counts.
  }
  lines.end().forEach(onLine);
}

function signalNumber(signal: NodeJS.Signals | null): number | null {
  return signal === null ? null : (constants.signals[signal] ?? null);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
