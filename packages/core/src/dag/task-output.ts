import { TsflowError } from '../errors.ts';
import { type ListExpression, listExpression } from './list-expression.ts';

const TASK_OUTPUT = Symbol.for('tsflow.task-output');
declare const valueType: unique symbol;

/** Key of the XCom that holds what `execute` returns. Airflow's word. */
export const RETURN_VALUE = 'return_value';

/**
 * Stands for what a task will have returned. Passing it to another task as an input or field wires the edge. `T` is the value
 * after its trip through JSON: a Date is a string.
 */
export interface TaskOutput<T> {
  /** Of the task that returns it. */
  readonly taskId: string;
  /** Under which it is stored: `return_value` for what the task returns. */
  readonly key: string;
  /** Each element of a list as `transform` makes it. Only of outputs that are lists. */
  map<Item, U>(
    this: TaskOutput<readonly Item[]>,
    transform: (element: Item) => U,
  ): ListExpression<Awaited<U>>;
  /** The elements of a list that `keep` accepts. Only of outputs that are lists. */
  filter<Item>(
    this: TaskOutput<readonly Item[]>,
    keep: (element: Item) => boolean | Promise<boolean>,
  ): ListExpression<Item>;
  readonly [valueType]: T;
}

/** An output knows its task, so that the DAG can refuse one of another DAG. */
export interface OwnedTaskOutput<T> extends TaskOutput<T> {
  readonly operator: { readonly taskId: string };
}

export function taskOutput<T>(operator: { readonly taskId: string }, key = RETURN_VALUE): TaskOutput<T> {
  const output = { taskId: operator.taskId, key, operator } as OwnedTaskOutput<T>;
  const list = listExpression<never>({ kind: 'output', output });
  Object.defineProperty(output, 'map', { value: list.map });
  Object.defineProperty(output, 'filter', { value: list.filter });
  Object.defineProperty(output, TASK_OUTPUT, { value: true });
  Object.defineProperty(output, Symbol.toPrimitive, { value: () => refuseAsText(operator.taskId) });
  return Object.freeze(output);
}

export function isTaskOutput(value: unknown): value is OwnedTaskOutput<unknown> {
  return typeof value === 'object' && value !== null && TASK_OUTPUT in value;
}

/** `${extract.output}` while loading would put "[object Object]" into a command: better said at once. */
function refuseAsText(taskId: string): never {
  throw new TsflowError(
    'output_as_text',
    `The output of "${taskId}" does not exist yet while the DAG is defined, so it cannot be put into a string. ` +
      'Pass it as an input, a field, or an env value of its own.',
  );
}
