import { TsflowError } from '../errors.ts';
import type { RunState } from './run-state.ts';
import { TASK_STATES, type TaskState } from './task-state.ts';

/**
 * The one table of legal changes of a task instance's state (the scheduler's turn may pass several rows of it at once and
 * writes the first `from` and the last `to`; {@link assertLegalPath} checks each step). Source: the semantics every rule here is tested by.
 */
export const TASK_TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  none: ['scheduled', 'success', 'failed', 'skipped', 'upstream_failed', 'removed'],
  scheduled: ['queued', 'success', 'failed', 'skipped', 'upstream_failed', 'removed', 'none'],
  queued: ['running', 'scheduled', 'success', 'failed', 'skipped', 'restarting', 'removed'],
  running: [
    'success',
    'failed',
    'skipped',
    'scheduled',
    'up_for_retry',
    'up_for_reschedule',
    'deferred',
    'restarting',
    'removed',
  ],
  up_for_reschedule: ['scheduled', 'success', 'failed', 'skipped', 'restarting', 'removed'],
  deferred: ['scheduled', 'success', 'failed', 'skipped', 'restarting', 'removed'],
  up_for_retry: ['scheduled', 'success', 'failed', 'skipped', 'removed', 'none'],
  restarting: ['scheduled', 'none', 'success', 'failed', 'skipped', 'removed'],
  success: ['none', 'removed'],
  failed: ['none', 'removed'],
  skipped: ['none', 'removed'],
  upstream_failed: ['none', 'removed'],
  removed: ['none'],
};

/** The legal changes of a run's state. A finished run goes back to queued when a task of it is cleared. */
export const RUN_TRANSITIONS: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['running', 'success', 'failed'],
  running: ['success', 'failed', 'queued'],
  success: ['queued', 'failed'],
  failed: ['queued', 'success'],
};

/** Thrown when a change of state is asked for that {@link TASK_TRANSITIONS} or {@link RUN_TRANSITIONS} does not have. */
export class IllegalTransitionError extends TsflowError {
  readonly from: string;
  readonly to: string;

  constructor(what: string, from: string, to: string) {
    super('illegal_transition', `${what} cannot go from ${from} to ${to}.`);
    this.from = from;
    this.to = to;
  }
}

/** The gate: throws {@link IllegalTransitionError} unless `path` (two states or more) is made of legal steps. */
export function assertLegalPath(what: string, path: readonly TaskState[]): void {
  for (let i = 1; i < path.length; i++) {
    const from = path[i - 1]!;
    const to = path[i]!;
    if (!legal.has(from + to)) throw new IllegalTransitionError(what, from, to);
  }
}

export function assertLegalRunTransition(what: string, from: RunState, to: RunState): void {
  if (!RUN_TRANSITIONS[from].includes(to)) throw new IllegalTransitionError(what, from, to);
}

const legal: ReadonlySet<string> = new Set(
  TASK_STATES.flatMap((from) => TASK_TRANSITIONS[from].map((to) => from + to)),
);

/** The table as text, for the documentation. */
export function transitionsAsMarkdown(): string {
  const rows = TASK_STATES.map((from) => `| ${from} | ${TASK_TRANSITIONS[from].join(', ')} |`);
  return ['| from | to |', '|---|---|', ...rows].join('\n');
}
