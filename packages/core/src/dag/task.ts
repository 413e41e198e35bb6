import type { Params } from '../params/index.ts';
import type { TaskContext } from './context.ts';
import { FunctionOperator, type TaskCall } from './function-operator.ts';
import type { Expanded } from './map-argument.ts';
import type { MapIndexTemplate } from './map-index-template.ts';
import type { Collected } from './operator.ts';
import type { OperatorOptions } from './operator-options.ts';
import type { InputValues, TaskInputs } from './template.ts';

/** Options of a function task: all of an operator's but its id. */
export type TaskOptions = Omit<OperatorOptions, 'taskId'>;

/** The same of one with these inputs, whose values name its instances where it is mapped. */
export interface NamedTaskOptions<Inputs extends TaskInputs> extends Omit<TaskOptions, 'mapIndexTemplate'> {
  /** As of every task: a text over the inputs, `'{{ row.id }}'`, or a function of them. */
  readonly mapIndexTemplate?: MapIndexTemplate<InputValues<NoInfer<Inputs>>> | undefined;
}

/** Makes tasks of functions whose context has the params `P`. */
export type TaskFactory<P = Params> = <Output, Inputs extends TaskInputs = Record<never, never>>(
  taskId: string,
  // One signature and not two: "no overload matches" would hide which input is wrong.
  run: (context: TaskContext<P>, inputs: InputValues<NoInfer<Inputs>>) => Output,
  inputs?: Inputs,
  options?: NamedTaskOptions<Inputs>,
) => FunctionOperator<OutputWith<Inputs, Awaited<Output>>>;

/** An input that is expanded makes the output a list. */
type OutputWith<Inputs, Output> = [Extract<Inputs[keyof Inputs], Expanded<unknown>>] extends [never]
  ? Output
  : Collected<Output>;

/**
 * A task that runs a function. What it returns must be JSON and is its typed `output`; passing the output of another task among
 * `inputs` wires the edge and gives the function its value.
 *
 * ```ts
 * const extract = task('extract', async ({ dataInterval }) => readDay(dataInterval.start));
 * const count = task('count', (_context, { rows }) => rows.length, { rows: extract.output }, { retries: 2 });
 * ```
 */
export const task: TaskFactory = <Output>(
  taskId: string,
  run: (context: TaskContext, inputs: never) => unknown,
  inputs: TaskInputs = {},
  options: TaskOptions = {},
): FunctionOperator<Output> => {
  // A call gives what one instance returns; what others read of a mapped task is the list of that.
  const call = run as TaskCall<Output>;
  return new FunctionOperator({ ...options, taskId, call, inputs });
};
