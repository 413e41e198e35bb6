import type { TaskContext } from '../dag/context.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskDeferred } from '../dag/task-signal.ts';
import type { OnTimeout, Wait } from '../dag/wait.ts';
import { type WaitOptions, waitSettings } from './wait-options.ts';

/**
 * A task that is nothing but a wait which the scheduler answers by itself: it takes no slot and starts no process. Only when what it
 * waits for has to be computed (a function of the context), or when it has an `onExecute`, is it called once, to say it.
 */
export abstract class WaitOperator<
  Fields extends object,
  Options extends OperatorOptions & WaitOptions,
> extends Operator<undefined, Fields & WaitOptions, Options> {
  /** What it waits for, when that is known without running it. */
  protected abstract fixedWait(): Wait | null;

  /** What it waits for in this run. */
  protected abstract waitOf(context: TaskContext, fields: Fields): Wait;

  override get wait(): {
    readonly on: Wait;
    readonly timeoutMs: number | null;
    readonly onTimeout: OnTimeout;
  } | null {
    const on = this.fixedWait();
    return on === null ? null : { on, ...waitSettings(this.taskId, this.fields as WaitOptions) };
  }

  execute(context: TaskContext, fields: Fields & WaitOptions): undefined {
    const { timeoutMs, onTimeout } = waitSettings(this.taskId, this.fields as WaitOptions);
    const timeout = new Date(context.begunAt.getTime() + timeoutMs);
    throw new TaskDeferred(this.fixedWait() ?? this.waitOf(context, fields), { timeout, onTimeout });
  }
}
