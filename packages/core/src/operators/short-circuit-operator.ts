import type { TaskContext } from '../dag/context.ts';
import { checkCall, type TaskCall } from '../dag/function-operator.ts';
import { Operator } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import type { TaskOptions } from '../dag/task.ts';
import type { InputValues, TaskInputs } from '../dag/template.ts';

interface ShortCircuitFields<Output> {
  readonly call: TaskCall<Output>;
  readonly inputs?: TaskInputs;
  readonly ignoreDownstreamTriggerRules?: boolean;
}

/** Options of a {@link ShortCircuitOperator}. */
export interface ShortCircuitOptions<Output = unknown> extends OperatorOptions {
  /** Whether to go on. Judged as JavaScript does: 0, '', null and undefined are no. */
  readonly call: TaskCall<Output>;
  /** Values for `call`; outputs among them are edges. */
  readonly inputs?: TaskInputs | undefined;
  /** True (default): everything downstream is skipped, whatever its rule. False: only direct downstream, and trigger rules decide on. */
  readonly ignoreDownstreamTriggerRules?: boolean | undefined;
}

/** Skips what comes after it unless its function returns something truthy. Teardowns are never skipped by it. */
export class ShortCircuitOperator<Output = unknown> extends Operator<
  Output,
  ShortCircuitFields<Output>,
  ShortCircuitOptions<Output>
> {
  static override readonly fields = {
    call: 'value',
    inputs: 'input',
    ignoreDownstreamTriggerRules: 'value',
  } as const;
  override readonly decides = 'short_circuit' as const;

  constructor(options: ShortCircuitOptions<Output>) {
    checkCall(options);
    super(options);
  }

  async execute(context: TaskContext, { call, inputs = {} }: ShortCircuitFields<Output>): Promise<Output> {
    return await call(context, inputs);
  }
}

/** A short-circuit of a function: `shortCircuit('any_rows', (_context, { rows }) => rows.length > 0, { rows: extract.output })`. */
export function shortCircuit<Output, Inputs extends TaskInputs = Record<never, never>>(
  taskId: string,
  decide: (context: TaskContext, inputs: InputValues<NoInfer<Inputs>>) => Output | Promise<Output>,
  inputs?: Inputs,
  options: TaskOptions & Pick<ShortCircuitOptions, 'ignoreDownstreamTriggerRules'> = {},
): ShortCircuitOperator<Output> {
  return new ShortCircuitOperator({ ...options, taskId, call: decide, inputs: inputs ?? {} });
}
