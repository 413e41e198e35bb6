import type { LogRange, Workload } from '../../task-api/protocol.ts';
import type { RunnerProcess } from './runner-process.ts';

/** An attempt that this executor has to do with, from its grant until its outcome or its end. */
export interface Assignment {
  readonly attemptId: number;
  readonly grantNumber: number;
  /** Null: handed out by another scheduler and taken over. */
  readonly workload: Workload | null;
  /** Null: none is free yet. */
  runner: RunnerProcess | null;
  /** Monotonic time since which it waits for a runner, or since which it has one. */
  since: number;
  /** Its runner had to load the code of its version first: what it took says nothing about the task. */
  loadedCode: boolean;
  /** A runner said that it began. Before that it may be handed to another one, uncounted. */
  started: boolean;
  log: LogRange | null;
  startedAtMs: number | null;
  /** Groups of the commands that its operator started, as reported. */
  readonly groups: Set<number>;
  /** Its number among the grants of its runner; 0: it has none. */
  ticket: number;
  /** Its place in the order in which they asked for a runner; 0: not yet. It keeps it when it is taken back. */
  order: number;
  /** Somebody ends it: what to say of it when it is gone. */
  ending: Ending | null;
  /** Between TERM and KILL, for its end. */
  graceMs: number;
  /** How often a runner ended before the attempt began there. */
  redeliveries: number;
  /** The timer that ends it from outside when its own time-out does not. */
  watchdog: NodeJS.Timeout | null;
  /** Gives its place among the concurrent ones back. */
  release: () => void;
}

export type Ending =
  | { readonly kind: 'cancelled'; readonly reason: string }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'timed_out'; readonly timeoutMs: number };

export function newAssignment(workload: Workload): Assignment {
  const { attemptId, grantNumber } = workload;
  return { ...nothingKnown(attemptId, grantNumber), workload };
}

/** An attempt that another scheduler handed out and that `runner` is in the middle of. */
export function adoptedAssignment(attemptId: number, grantNumber: number, runner: RunnerProcess): Assignment {
  return { ...nothingKnown(attemptId, grantNumber), runner, started: true };
}

function nothingKnown(attemptId: number, grantNumber: number): Assignment {
  return {
    attemptId,
    grantNumber,
    workload: null,
    runner: null,
    since: 0,
    started: false,
    log: null,
    startedAtMs: null,
    groups: new Set(),
    ticket: 0,
    order: 0,
    loadedCode: false,
    ending: null,
    graceMs: 0,
    redeliveries: 0,
    watchdog: null,
    release: () => undefined,
  };
}
