import type { Clock } from '@tsflow/core/clock';
import type { Store } from '@tsflow/core/store';
import type { Executor, ExecutorEvents } from '@tsflow/scheduler/executors';
import type { Ledger } from './ledger.ts';
import type { ProcessClock } from './process-clock.ts';

/** A call to the store, as a scheduler makes it. */
export interface StoreCall {
  /** `turns.commit`. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Makes it, with these arguments; `isSeen`: they, and not its own, are what the scheduler wanted. */
  run(args: readonly unknown[], isSeen?: boolean): Promise<unknown>;
}

/** What is built wrong on purpose around the real scheduler, to see that the invariants notice. */
export interface Breakage {
  /** Takes something out of the database that guards it as well. */
  spoil?(store: Store): Promise<void>;
  clock(clock: ProcessClock): Clock;
  events(events: ExecutorEvents): ExecutorEvents;
  executor(executor: Executor): Executor;
  call(call: StoreCall, ledger: Ledger): Promise<unknown>;
}

export const NOTHING_BROKEN: Breakage = {
  clock: (clock) => clock,
  events: (events) => events,
  executor: (executor) => executor,
  call: ({ run, args }) => run(args),
};
