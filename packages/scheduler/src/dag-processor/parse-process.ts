import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '@tsflow/core/clock';
import { LIFELINE_FD, type ParseReport, type ParseRequest, REPORT_FD } from './parse-protocol.ts';

/** What a parse child may use. */
export interface ParseLimits {
  /** For one file, from the moment it is announced until its report, judged by the processor. */
  readonly timeoutMs: number;
  /** For one child: its heap, and its resident memory beside it, which Buffers count in and the heap does not. */
  readonly memoryMb: number;
}

/** How a child ended, in words for an import error. */
export interface ParseProcessEnd {
  readonly kind: 'exit' | 'timeout' | 'memory' | 'stopped';
  readonly message: string;
  /** Last lines of its standard error. */
  readonly stderr: string;
}

export interface ParseProcessEvents {
  report(report: ParseReport): void;
  /** Once, and nothing after it. Every process of the child's group is gone. */
  ended(end: ParseProcessEnd): void;
}

/** How often resident memory is looked at. A loop that fills Buffers writes some 2 GB/s: 100 MB between two looks. */
const MEMORY_LOOK_MS = 50;
/** Node, the loader and zod on a busy machine; 0.2 s on an idle one. */
const STARTUP_LIMIT_MS = 20_000;
/** For reading what the child wrote before it ended. */
const PIPE_GRACE_MS = 1_000;
const STDERR_TAIL = 4_096;

/**
 * The shell between processor and child does two things no Node child can do for itself. It is the parent that
 * `process.kill(process.ppid)` in a DAG file finds. And it ends the whole group when the processor dies, even while the child
 * sits in an endless loop: the lifeline's other end is closed by the kernel.
 */
const SHELL = [
  `(read -r _ <&${LIFELINE_FD}; kill -KILL 0) >/dev/null 2>&1 ${REPORT_FD}>&- & guard=$!`,
  `"$@" ${LIFELINE_FD}<&-; status=$?`,
  'kill -KILL $guard 2>/dev/null',
  'exit $status',
].join('\n');

/**
 * One disposable process that loads DAG files, one at a time, as the head of a process group of its own. Whatever a file does
 * to it, `ended` tells, and the group is killed with SIGKILL.
 */
export class ParseProcess {
  readonly #child: ChildProcess;
  readonly #limits: ParseLimits;
  readonly #clock: Clock;
  readonly #events: ParseProcessEvents;
  #deadline: Timer | null = null;
  #memoryWatch: Timer | null = null;
  #verdict: Omit<ParseProcessEnd, 'stderr'> | null = null;
  #stderr = '';
  #workerPid: number | null = null;

  constructor(
    limits: ParseLimits,
    environment: Readonly<Record<string, string>>,
    clock: Clock,
    events: ParseProcessEvents,
  ) {
    this.#limits = limits;
    this.#clock = clock;
    this.#events = events;
    const [command, args] = commandLine(limits);
    this.#child = spawn(command, args, {
      // User code owns standard output: it goes nowhere, so that a flood fills nothing.
      stdio: ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'],
      env: { ...minimalEnvironment(), ...environment },
      detached: true,
      windowsHide: true,
    });
    this.#listen();
    this.#restartDeadline(STARTUP_LIMIT_MS + limits.timeoutMs, 'The parse child did not start in time.');
    this.#watchMemory();
  }

  /** Sends a file to load. Its report, or the end of the child, follows. */
  load(request: ParseRequest): void {
    this.#write(`${JSON.stringify(request)}\n`);
  }

  /** Lets it exit by itself: no more files come. */
  close(): void {
    this.#child.stdin?.end();
    this.#restartDeadline(this.#limits.timeoutMs, 'The parse child did not exit.');
  }

  /** Ends it now, with everything it started. */
  kill(): void {
    this.#end({ kind: 'stopped', message: 'The dag processor stopped.' });
  }

  #listen(): void {
    const child = this.#child;
    child.stdin?.on('error', ignoreClosedPipe);
    const lifeline = child.stdio[LIFELINE_FD] as Writable | null;
    lifeline?.on('error', ignoreClosedPipe);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    const reports = child.stdio[REPORT_FD] as Readable;
    reports.on('error', ignoreClosedPipe);
    createInterface({ input: reports }).on('line', (line) => this.#receive(line));
    child.once('error', (error) => this.#finish(null, null, error));
    // `close` comes after the last report was read, `exit` before. Whoever else holds the pipes is killed with the group; a
    // grandchild that left the group (setsid) may hold them for ever, so they are closed from this side soon after.
    child.once('exit', () => {
      this.#killGroup();
      this.#deadline?.cancel();
      this.#deadline = this.#clock.setTimer(PIPE_GRACE_MS, () => {
        for (const pipe of child.stdio) pipe?.destroy();
      });
    });
    child.once('close', (code, signal) => this.#finish(code, signal, null));
  }

  #receive(line: string): void {
    if (this.#verdict !== null) return;
    const report = parseReport(line);
    if (report === null) return;
    this.#deadline?.cancel();
    this.#deadline = null;
    if (report.verb === 'ready') this.#workerPid = report.pid;
    if (report.verb === 'loading') {
      const seconds = this.#limits.timeoutMs / 1_000;
      this.#restartDeadline(
        this.#limits.timeoutMs,
        `Loading the file took longer than ${seconds} s, so it was ended. Code outside of tasks runs whenever the file is read: ` +
          'move loops, waits and network calls into a task.',
      );
    }
    this.#events.report(report);
  }

  #restartDeadline(delayMs: number, message: string): void {
    this.#deadline?.cancel();
    const deadline = this.#clock.setTimer(delayMs, () => {
      // After a pause of this process (a suspended machine) the report may be waiting to be read: that comes first.
      setImmediate(() => {
        if (this.#deadline === deadline) this.#end({ kind: 'timeout', message });
      });
    });
    this.#deadline = deadline;
  }

  #watchMemory(): void {
    this.#memoryWatch = this.#clock.setTimer(MEMORY_LOOK_MS, () => {
      const usedMb = this.#workerPid === null ? 0 : residentMb(this.#workerPid);
      if (usedMb > this.#limits.memoryMb) this.#end({ kind: 'memory', message: memoryMessage(this.#limits) });
      else this.#watchMemory();
    });
  }

  #end(verdict: Omit<ParseProcessEnd, 'stderr'>): void {
    this.#verdict ??= verdict;
    this.#killGroup();
  }

  #killGroup(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  }

  #finish(code: number | null, signal: NodeJS.Signals | null, error: Error | null): void {
    this.#deadline?.cancel();
    this.#memoryWatch?.cancel();
    (this.#child.stdio[LIFELINE_FD] as Writable | null)?.destroy();
    const stderr = this.#stderr.trim();
    this.#events.ended({ ...(this.#verdict ?? this.#explain(code, signal, error)), stderr });
  }

  #explain(code: number | null, signal: NodeJS.Signals | null, error: Error | null) {
    if (error !== null) return { kind: 'exit', message: error.message } as const;
    if (/heap out of memory|heap limit|Allocation failed/i.test(this.#stderr)) {
      return { kind: 'memory', message: memoryMessage(this.#limits) } as const;
    }
    const how =
      signal !== null || code === null ? `was killed by ${signal ?? 'a signal'}` : exitInWords(code);
    return {
      kind: 'exit',
      message: `The process that loaded the file ${how} before the file had loaded.`,
    } as const;
  }

  #write(text: string): void {
    if (this.#child.stdin?.writable === true) this.#child.stdin.write(text);
  }
}

function commandLine(limits: ParseLimits): [string, string[]] {
  const node = [
    process.execPath,
    '--enable-source-maps',
    `--max-old-space-size=${limits.memoryMb}`,
    // One generation for the young: garbage of loading is small, and memory is counted.
    '--max-semi-space-size=8',
    fileURLToPath(new URL('./parse-child.js', import.meta.url)),
  ];
  if (process.platform === 'win32') return [node[0]!, node.slice(1)];
  return ['/bin/sh', ['-c', SHELL, 'sh', ...node]];
}

/**
 * What a program needs to run at all, and nothing else: no NODE_OPTIONS, no secrets of the processor. Times are read in UTC, so that
 * a file says the same on every machine.
 */
function minimalEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'SystemRoot', 'TEMP', 'TMP'];
  const environment: Record<string, string> = { TZ: 'UTC' };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** Resident memory of a process in MB; 0 when it is gone, or where the system does not tell (then the heap limit remains). */
function residentMb(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

function memoryMessage(limits: ParseLimits): string {
  return (
    `Loading the file took more than ${limits.memoryMb} MB of memory, so it was ended. ` +
    'Read data inside a task; a DAG file only says what the tasks are.'
  );
}

/** A shell reports a signal as 128 plus its number. */
function exitInWords(code: number): string {
  return code > 128 && code < 160 ? `was killed by signal ${code - 128}` : `exited with code ${code}`;
}

function parseReport(line: string): ParseReport | null {
  try {
    return JSON.parse(line) as ParseReport;
  } catch {
    return null; // The last line of a child that was killed while it wrote.
  }
}

function ignoreClosedPipe(): void {
  // The child is gone; `close` tells how.
}
