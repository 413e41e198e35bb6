import { isOperator } from './brand.ts';
import type { TaskContext } from './context.ts';
import { DagDefinitionError } from './definition-error.ts';
import { Operator } from './operator.ts';
import type { OperatorOptions } from './operator-options.ts';

interface FunctionFields {
  readonly call: TaskCall;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** The function of a task once its types have been checked at the call of `task()`. */
export type TaskCall = (context: TaskContext, inputs: never) => unknown;

export interface FunctionOperatorOptions extends OperatorOptions {
  readonly call: TaskCall;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Runs a function of the author. Made by {@link task}, which gives it its types. */
export class FunctionOperator<Output> extends Operator<Output, FunctionFields, FunctionOperatorOptions> {
  static override readonly fields = { call: 'value', inputs: 'input' } as const;

  constructor(options: FunctionOperatorOptions) {
    checkCall(options);
    super(options);
  }

  execute(context: TaskContext, { call, inputs }: FunctionFields): Output | Promise<Output> {
    return call(context, inputs as never) as Output | Promise<Output>;
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
