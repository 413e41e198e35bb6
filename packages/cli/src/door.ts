import { hostname } from 'node:os';
import { InvalidInputError, type SerializedError } from '@tsflow/core/errors';
import type { ClearedTask, Intent, IntentKind } from '@tsflow/core/intents';
import { askDag, type SchedulerTable, type Store } from '@tsflow/core/store';
import type { CommandContext } from './command-context.ts';
import { assertDag } from './commands/run-name.ts';
import type { Headless } from './compose/headless.ts';
import { CommandRefusedError, PendingError } from './exit-code.ts';

/** What a scheduler answers to each kind of request. */
export interface IntentResults {
  trigger: { runId: string; state: string; isPaused: boolean };
  clear: { version: string; tasks: readonly ClearedTask[] };
  mark_tasks: { runId: string; tasks: readonly ClearedTask[] };
  mark_run: { runId: string; state: string };
  kill: { runId: string; tasks: readonly string[] };
  pause: { isPaused: boolean };
  backfill: { backfillKey: number; state: string; total: number; isPaused: boolean };
  control_backfill: { backfillKey: number; state: string };
  prioritize: { runId: string; tasks: readonly string[] };
  reschedule: { runId: string | null; skipped: readonly string[]; next: string | null };
  note: { runId: string };
}

/** The command line's way to ask for something about one DAG: the same intents that REST and the browser send. */
export interface Door extends AsyncDisposable {
  readonly store: Store;
  /** `own`: there was none, so this command brought one along. */
  readonly scheduler: 'running' | 'own' | 'none';
  /** Rejects when the scheduler that came along can go on no longer: there is nothing to wait for. */
  readonly failed: Promise<never>;
  /** Resolves with what was done. Throws {@link CommandRefusedError} in the scheduler's words, {@link PendingError} without an answer. */
  ask<K extends IntentKind>(intent: Extract<Intent, { kind: K }>): Promise<IntentResults[K]>;
}

/** How long an answer may take before the request is left to itself. Milliseconds are usual. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Opens the door to a DAG. With `bringScheduler`, and no scheduler running, the command brings one of its own, for this DAG
 * alone and without ticks; it loads the dags folder first. Throws NotFoundError when there is no such DAG.
 */
export async function openDoor(
  context: CommandContext,
  options: { readonly dagId: string; readonly bringScheduler: boolean },
): Promise<Door> {
  const store = await context.store();
  const config = await context.config();
  const running = (await liveSchedulers(store, config.leaseMs)).length > 0;
  if (running || !options.bringScheduler) {
    await assertDag(store, options.dagId);
    return doorTo(context, store, options.dagId, running ? 'running' : 'none', null);
  }
  context.out.note('No scheduler is running: this command brings its own, for this work alone.');
  const { startHeadless } = await import('./compose/headless.ts');
  const headless = await startHeadless(config, store, options.dagId);
  try {
    await assertDag(store, options.dagId);
  } catch (thrown) {
    await headless.stop();
    throw thrown;
  }
  return doorTo(context, store, options.dagId, 'own', headless);
}

function doorTo(
  context: CommandContext,
  store: Store,
  dagId: string,
  scheduler: Door['scheduler'],
  headless: Headless | null,
): Door {
  return {
    store,
    scheduler,
    failed: headless?.failed ?? new Promise<never>(() => undefined),
    async ask<K extends IntentKind>(intent: Extract<Intent, { kind: K }>) {
      const request = { dagId, intent, actor: context.actor };
      const answer = await askDag(store, request, { timeoutMs: ANSWER_TIMEOUT_MS });
      if (answer.state === 'applied') return answer.result as unknown as IntentResults[K];
      if (answer.state === 'refused') {
        throw refusal((answer.result as unknown as { error: SerializedError }).error);
      }
      throw new PendingError(
        scheduler === 'none'
          ? `No scheduler is running: the request waits (number ${answer.id}) and is carried out as soon as one starts.`
          : `The scheduler did not answer within ${ANSWER_TIMEOUT_MS / 1000} s: the request waits (number ${answer.id}).`,
      );
    },
    [Symbol.asyncDispose]: async () => headless?.stop(),
  };
}

/** Schedulers that live: their beat is recent and, on this machine, their process exists. */
async function liveSchedulers(store: Store, leaseMs: number): Promise<readonly SchedulerTable[]> {
  const now = Date.now();
  const rows = await store.leases.living();
  return rows.filter((row) => now - row.beatAt < leaseMs && (row.host !== hostname() || isAlive(row.pid)));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function refusal(error: SerializedError): Error {
  return error.code === 'invalid_input'
    ? new InvalidInputError(error.message)
    : new CommandRefusedError(error.message);
}
