import { isOperator } from './brand.ts';
import type { TaskContext } from './context.ts';
import { DagDefinitionError } from './definition-error.ts';
import { Operator } from './operator.ts';
import type { OperatorOptions } from './operator-options.ts';
import type { TaskInputs } from './template.ts';

interface FunctionFields<Output> {
  readonly call: TaskCall<Output>;
  readonly inputs: TaskInputs;
}

/**
 * The function of a task. Which inputs it takes was checked at the call of `task()` or its like, which knows their types; here they are values
 * by name. A method, because those are compared in both directions: a function of certain inputs is one of these.
 */
export type TaskCall<Output = unknown> = {
  call(context: TaskContext, inputs: TaskInputs): Output | Promise<Output>;
}['call'];

export interface FunctionOperatorOptions<Output> extends OperatorOptions {
  readonly call: TaskCall<Output>;
  readonly inputs: TaskInputs;
}

/** Runs a function of the author. Made by {@link task}, which gives it its types. */
export class FunctionOperator<Output> extends Operator<
  Output,
  FunctionFields<Output>,
  FunctionOperatorOptions<Output>
> {
  static override readonly fields = { call: 'value', inputs: 'input' } as const;

  constructor(options: FunctionOperatorOptions<Output>) {
    checkCall(options);
    super(options);
  }

  execute(context: TaskContext, { call, inputs }: FunctionFields<Output>): Output | Promise<Output> {
    return call(context, inputs);
  }
}

/** Checks what types cannot when a file is bundled without them. */
export function checkCall(options: {
  readonly taskId: string;
  readonly call: unknown;
  readonly inputs?: object | undefined;
}): void {
  const { taskId, call, inputs } = options;
  if (typeof call !== 'function') {
    throw new DagDefinitionError(
      'invalid_option',
      `Task "${taskId}" expects a function, got ${typeof call}.`,
    );
  }
  for (const [name, input] of Object.entries(inputs ?? {})) {
    if (!isOperator(input)) continue;
    throw new DagDefinitionError(
      'invalid_option',
      `Task "${taskId}": the input "${name}" is a task. Pass its output: { ${name}: ${input.taskId}.output }.`,
    );
  }
}
