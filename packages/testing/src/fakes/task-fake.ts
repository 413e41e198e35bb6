import { type Duration, type TaskContext, TaskFailed, TaskSkipped } from '@tsflow/core';
import type { AnyDag, AnyOperator } from '@tsflow/core/dag';
import { durationMs } from '@tsflow/core/duration';
import { didYouMean, NotFoundError } from '@tsflow/core/errors';

/** What stands in for `execute` of one task. Fields are still rendered, decisions and limits still hold. */
export interface TaskFake {
  /** Stands in for one call of the task's `execute`. */
  readonly run: (call: FakeCall) => unknown;
}

/** What a fake knows of the call it answers. */
export interface FakeCall {
  /** What the task gets. */
  readonly context: TaskContext;
  /** Rendered, as `execute` would have got them. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Calls of this task so far in this run, this one included: tries and calls after a reschedule. */
  readonly call: number;
  /** The task as it is in the DAG. */
  readonly real: () => unknown;
  /** Resolves when so much virtual time has passed. */
  readonly wait: (ms: number) => Promise<void>;
}

/** The task returns `value`, or what the function makes of the call. */
export function returns(answer: (call: FakeCall) => unknown): TaskFake;
export function returns(value: unknown): TaskFake;
export function returns(value: unknown): TaskFake {
  return {
    run: (call) => (typeof value === 'function' ? (value as (call: FakeCall) => unknown)(call) : value),
  };
}

/** The first `times` calls throw (default: every one); then `afterwards` answers, or the real task. */
export function fails(
  times: number | 'always' = 'always',
  {
    message = 'It was told to fail.',
    afterwards,
  }: { readonly message?: string; readonly afterwards?: TaskFake } = {},
): TaskFake {
  return {
    run(call) {
      if (times === 'always' || call.call <= times) throw new Error(message);
      return afterwards === undefined ? call.real() : afterwards.run(call);
    },
  };
}

/** The task fails for good: no retry. */
export function failsForGood(message = 'It was told to fail for good.'): TaskFake {
  return {
    run() {
      throw new TaskFailed(message);
    },
  };
}

/** The task ends as skipped. */
export function skips(reason = 'It was told to skip itself.'): TaskFake {
  return {
    run() {
      throw new TaskSkipped(reason);
    },
  };
}

/** The task takes `duration` of virtual time, then `then` answers, or the real task. */
export function takes(duration: Duration, then?: TaskFake): TaskFake {
  const ms = durationMs(duration, 'takes');
  return {
    async run(call) {
      await call.wait(ms);
      return then === undefined ? call.real() : then.run(call);
    },
  };
}

/**
 * `dag` with the fakes in the place of its tasks' `execute`. Nothing else of a task changes.
 *
 * Throws `NotFoundError` with what was probably meant for a fake of a task that the DAG does not have.
 */
export function withFakes(
  dag: AnyDag,
  fakes: Readonly<Record<string, TaskFake>>,
  wait: (ms: number, signal: AbortSignal) => Promise<void>,
): AnyDag {
  for (const taskId of Object.keys(fakes)) checkTask(dag, taskId);
  const calls = new Map<string, number>();
  const tasks = new Map([...dag.tasks].map(([id, task]) => [id, faked(task, fakes[id], calls, wait)]));
  return Object.create(dag, { tasks: { value: tasks } }) as AnyDag;
}

/** Throws when `dag` has no task `taskId`. */
export function checkTask(dag: AnyDag, taskId: string): void {
  if (dag.tasks.has(taskId)) return;
  const closest = didYouMean(taskId, dag.tasks.keys());
  const hint =
    closest === undefined ? `It has ${[...dag.tasks.keys()].join(', ')}.` : `Did you mean "${closest}"?`;
  throw new NotFoundError(`Task of ${dag.dagId}`, taskId, hint);
}

function faked(
  task: AnyOperator,
  fake: TaskFake | undefined,
  calls: Map<string, number>,
  wait: (ms: number, signal: AbortSignal) => Promise<void>,
): AnyOperator {
  if (fake === undefined) return task;
  const execute = async (context: TaskContext, fields: Readonly<Record<string, unknown>>) => {
    const instance = `${context.runId}\0${task.taskId}\0${context.mapPath}`;
    const call = (calls.get(instance) ?? 0) + 1;
    calls.set(instance, call);
    return fake.run({
      context,
      fields,
      call,
      wait: (ms) => wait(ms, context.signal),
      real: () => task.execute(context, fields),
    });
  };
  return Object.create(task, { execute: { value: execute } }) as AnyOperator;
}
