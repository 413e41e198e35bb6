import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import type { ItemOf, Mappable } from '../dag/expand.ts';
import { FunctionOperator, type TaskCall } from '../dag/function-operator.ts';
import type { GroupElement } from '../dag/map-argument.ts';
import { Operator } from '../dag/operator.ts';
import { type OperatorOptions, optionChecks } from '../dag/operator-options.ts';
import {
  type CollectedExports,
  type LoopSettings,
  type MappedGroupOptions,
  TaskGroup,
} from '../dag/task-group.ts';
import type { TaskOutput } from '../dag/task-output.ts';
import { TaskFailed } from '../dag/task-signal.ts';
import type { Reference, TaskInputs } from '../dag/template.ts';
import { outputOf, type SideValue } from './when.ts';

interface UntilFields {
  readonly call: TaskCall;
  readonly inputs: TaskInputs;
}

interface UntilOperatorOptions extends OperatorOptions {
  readonly call: TaskCall;
  readonly inputs: TaskInputs;
}

/** Decides after each iteration whether a loop is done: its output is true, or false. Made by {@link loop}. */
export class UntilOperator extends Operator<boolean, UntilFields, UntilOperatorOptions> {
  static override readonly fields = { call: 'value', inputs: 'input' } as const;
  override readonly decides = 'until' as const;

  async execute(context: TaskContext, { call, inputs }: UntilFields): Promise<boolean> {
    return Boolean(await call(context, inputs));
  }
}

/** When a {@link loop} is done, how often it goes round at most, and the options of a group. */
export interface LoopOptions<Result> extends MappedGroupOptions<{ readonly index: number }> {
  /** Asked after each iteration, with what the task or output that the body returned gave: true ends the loop. */
  readonly until: (result: Result, context: TaskContext) => boolean | Promise<boolean>;
  /** Most iterations. Default 100; at most `TSFLOW_MAX_MAP_LENGTH` (1,024). */
  readonly max?: number | undefined;
  /** What becomes of the loop when `until` has not held after `max` iterations: it fails (default), or goes on as if it had. */
  readonly onMax?: 'fail' | 'continue' | undefined;
}

const DEFAULT_MAX = 100;

/**
 * Runs the tasks of `body` again and again, one iteration after the other, until `until` holds. An iteration that fails ends the loop, which
 * has failed then. Each iteration is an index of a mapped group, so that its tasks have states, tries and logs of their own; the task
 * `<id>.until` asks. Outside, an output of a task in it is that of the last iteration; inside, that of the same iteration, never of the one before.
 *
 * ```ts
 * const export_ = loop('export', ({ index }) => task('status', () => statusOf(job)), { until: (status) => status === 'done', max: 20 });
 * task('load', (_context, { status }) => …, { status: export_.exports.output });
 * ```
 */
export function loop<Exports>(
  id: string,
  body: (iteration: { readonly index: GroupElement<number> }) => Exports,
  { until, max = DEFAULT_MAX, onMax = 'fail', ...options }: LoopOptions<SideValue<Exports>>,
): TaskGroup<Exports> {
  const check = optionChecks(`Loop "${id}"`);
  if (typeof until !== 'function') throw check.refuse('until', 'a function', until);
  const count = check.integer('max', max, 1);
  const settings: LoopSettings = { until: null, onMax: check.oneOf('onMax', onMax, ['fail', 'continue']) };
  const iterate = ({ index }: Readonly<Record<string, GroupElement<unknown>>>): Exports => {
    const made = body({ index: index as GroupElement<number> });
    const result = outputOf(made);
    settings.until = new UntilOperator({
      taskId: 'until',
      call: (context: TaskContext, { result: value }: { readonly result: SideValue<Exports> }) =>
        until(value, context),
      inputs: { result },
    });
    return made;
  };
  return new TaskGroup<Exports>(id, iterate, options, { index: indexes(count) }, settings);
}

/**
 * Runs the tasks of `body` `count` times, one iteration after the other; 0: it is skipped. `index` counts from 0. An iteration that fails ends
 * it. Outside, an output of a task in it is the list of what all iterations gave, in order. A count that is not written in the file is read by
 * a task in front, `<id>__count`.
 *
 * ```ts
 * repeat('page', params.pages, ({ index }) => task('fetch', (_context, { page }) => fetchPage(page), { page: index }));
 * ```
 */
export function repeat<Exports>(
  id: string,
  count: number | Reference<number>,
  body: (iteration: { readonly index: GroupElement<number> }) => Exports,
  options: MappedGroupOptions<{ readonly index: number }> = {},
): TaskGroup<CollectedExports<Exports>> {
  const list =
    typeof count === 'number'
      ? indexes(optionChecks(`Loop "${id}"`).integer('count', count, 0))
      : counted(id, count);
  const iterate = ({ index }: Readonly<Record<string, GroupElement<unknown>>>) =>
    body({ index: index as GroupElement<number> });
  return sequence(id, iterate, options, { index: list });
}

/**
 * Runs the tasks of `body` once for each item of a list, one after the other: Digdag's `for_each>`. An iteration that fails ends it. Outside, an
 * output of a task in it is the list of what all iterations gave, in order. {@link expandGroup} runs them side by side.
 *
 * ```ts
 * forEach('day', days.output, ({ item }) => task('aggregate', (_context, { day }) => aggregate(day), { day: item }));
 * ```
 */
export function forEach<const List extends Mappable, Exports>(
  id: string,
  list: List,
  body: (iteration: { readonly item: GroupElement<ItemOf<List>> }) => Exports,
  options: MappedGroupOptions<{ readonly item: ItemOf<List> }> = {},
): TaskGroup<CollectedExports<Exports>> {
  const iterate = ({ item }: Readonly<Record<string, GroupElement<unknown>>>) =>
    body({ item: item as GroupElement<ItemOf<List>> });
  return sequence(id, iterate, options, { item: list });
}

function sequence<Exports>(
  id: string,
  body: (elements: Readonly<Record<string, GroupElement<unknown>>>) => Exports,
  options: MappedGroupOptions,
  lists: Readonly<Record<string, unknown>>,
): TaskGroup<CollectedExports<Exports>> {
  const group: TaskGroup<unknown> = new TaskGroup<unknown>(id, body, options, lists, {
    until: null,
    onMax: 'fail',
  });
  return group as TaskGroup<CollectedExports<Exports>>;
}

const indexes = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/** A count that is known when the run is: a task reads it. */
function counted(id: string, count: Reference<number>): TaskOutput<readonly number[]> {
  if (typeof count !== 'object' || count === null)
    throw new DagDefinitionError(
      'invalid_option',
      `Loop "${id}": count expects a number, an output, a param or a Variable.`,
    );
  const task = new FunctionOperator<readonly number[]>({
    taskId: `${id}__count`,
    call: (_context, { count: value }: { readonly count: unknown }) => {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
        throw new TaskFailed(
          `Loop ${id} expects a whole number from 0 as its count, got ${JSON.stringify(value)}.`,
        );
      return indexes(value);
    },
    inputs: { count },
  });
  return task.output;
}
