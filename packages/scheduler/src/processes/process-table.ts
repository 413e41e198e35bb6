import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * What the system knows of processes, from `/proc`. Where there is none (macOS, Windows) a pid is all there is: reuse is not noticed,
 * and sweeps find nothing.
 */

/** The name of the variable by which the processes of an attempt are found after a crash. Not a secret. */
export const ATTEMPT_VARIABLE = 'TSFLOW_ATTEMPT_ID';

/** A process that cannot be confused with a later one of the same pid. */
export interface ProcessIdentity {
  readonly host: string;
  /** Changes when the machine starts anew. Empty: unknown. */
  readonly bootId: string;
  readonly pid: number;
  /** Clock ticks from boot to its start. Empty: unknown. */
  readonly pidStart: string;
}

export function identityOf(pid: number): ProcessIdentity {
  return { host: hostname(), bootId: bootId(), pid, pidStart: readStat(pid)?.start ?? '' };
}

/** Identifies this start of this machine. In a container also its PID namespace: the same pid is another process there. */
export function bootId(): string {
  known ??= [read('/proc/sys/kernel/random/boot_id').trim(), pidNamespace()]
    .filter((part) => part !== '')
    .join('/');
  return known;
}

let known: string | undefined;

/** Whether exactly that process lives. A zombie does not. */
export function isAlive(process: ProcessIdentity): boolean {
  if (process.bootId !== bootId()) return false;
  const stat = readStat(process.pid);
  if (stat !== null)
    return (
      stat.state !== 'Z' && stat.state !== 'X' && (process.pidStart === '' || stat.start === process.pidStart)
    );
  return !hasProcFilesystem() && answersSignals(process.pid);
}

/**
 * Whether exactly that process is known to have ended: it ran on this machine, since its last start and in this PID namespace, and is
 * not there any more. Everything else, a process of another machine above all, is a guess and therefore false.
 */
export function isProvedDead({ host, bootId: boot, pid, pidStart }: ProcessIdentity): boolean {
  const isOfThisMachine = host === hostname() && boot === bootId() && boot.includes('/pid:');
  if (!isOfThisMachine || pidStart === '' || !hasProcFilesystem()) return false;
  const stat = readStat(pid);
  if (stat !== null) return stat.state === 'Z' || stat.state === 'X' || stat.start !== pidStart;
  // Nothing to read may also mean that processes of others are hidden, or that this one has no file descriptor left.
  return !answersSignals(pid);
}

/** What a process calls itself (`process.title`), empty when it is gone. */
export function titleOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).split('\0')[0]!.trim();
}

/** Pids of the living members of process group `group`. */
export function groupMembers(group: number): readonly number[] {
  return allPids().filter((pid) => {
    const stat = readStat(pid);
    return stat !== null && stat.group === group && stat.state !== 'Z' && stat.state !== 'X';
  });
}

/** Pids of living processes that carry the attempt's id in the environment they were started with, wherever they went. */
export function attemptMembers(attemptId: number): readonly number[] {
  const mark = `\0${ATTEMPT_VARIABLE}=${attemptId}\0`;
  return allPids().filter((pid) => pid !== process.pid && `\0${read(`/proc/${pid}/environ`)}`.includes(mark));
}

/** Sends `signal` to every member of the group, also when its leader is gone. False: nobody is left. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return send(-group, signal);
}

/** False: it is gone already. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return send(pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  // 0 and -1 mean this group and everybody.
  if (target === 0 || target === -1) return false;
  try {
    return process.kill(target, signal);
  } catch {
    return false;
  }
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly start: string;
}

/** Fields 3, 5 and 22 of `/proc/<pid>/stat`. The name before them may hold blanks and parentheses. */
function readStat(pid: number): Stat | null {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, , group] = fields;
  const start = fields[19];
  return state === undefined || group === undefined || start === undefined
    ? null
    : { state, group: Number(group), start };
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function hasProcFilesystem(): boolean {
  return read('/proc/self/stat') !== '';
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
