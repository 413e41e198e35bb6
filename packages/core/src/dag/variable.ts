import { InvalidInputError, TsflowError } from '../errors.ts';
import type { Json } from '../json.ts';

const LIVE_VARIABLE = Symbol.for('tsflow.variable');
declare const valueType: unique symbol;

export type VariableType = 'number' | 'string' | 'boolean' | 'json';

/**
 * A reference to a Variable: loading a DAG reads none. Limits that are Variables are read at each decision of the scheduler,
 * so a change takes effect within a second; fields and inputs read theirs when the task starts.
 */
export interface LiveVariable<T> {
  readonly name: string;
  /** What its value has to be. */
  readonly type: VariableType;
  /** What holds while the Variable does not exist, or after it is deleted. */
  readonly default: Json;
  readonly [valueType]: T;
}

/** Makes references to Variables: `Variable.number('parallelism_of_mine', { default: 4 })`. */
export const Variable = {
  /** A Variable that holds a number. As a limit it may also hold a daily plan. */
  number: (name: string, options: { readonly default: number }): LiveVariable<number> =>
    reference('number', name, options),
  /** A Variable that holds a text. */
  string: (name: string, options: { readonly default: string }): LiveVariable<string> =>
    reference('string', name, options),
  /** A Variable that holds true or false. */
  boolean: (name: string, options: { readonly default: boolean }): LiveVariable<boolean> =>
    reference('boolean', name, options),
  /** A Variable that holds any JSON. `T` is what the author says it is: nothing checks it. */
  json: <T extends Json>(name: string, options: { readonly default: T }): LiveVariable<T> =>
    reference('json', name, options),
} as const;

export function isLiveVariable(value: unknown): value is LiveVariable<unknown> {
  return typeof value === 'object' && value !== null && LIVE_VARIABLE in value;
}

/** Thrown when a Variable holds something of another type than the one it is read as. */
export class VariableTypeError extends TsflowError {
  /** Its name. */
  readonly variable: string;

  constructor(variable: LiveVariable<unknown>, stored: Json) {
    super(
      'variable_type',
      `Variable "${variable.name}" holds ${kindOf(stored)}, but it is read as ${variable.type}. ` +
        `Set it to a ${variable.type}, or read it with Variable.json().`,
    );
    this.variable = variable.name;
  }
}

/** The value of `variable` when `stored` is what the store holds (undefined: nothing). */
export function variableValue<T>(variable: LiveVariable<T>, stored: Json | undefined): T {
  const value = stored === undefined ? variable.default : stored;
  if (variable.type !== 'json' && kindOf(value) !== variable.type)
    throw new VariableTypeError(variable, value);
  return value as T;
}

function reference<T>(
  type: VariableType,
  name: string,
  options: { readonly default: Json },
): LiveVariable<T> {
  if (typeof name !== 'string' || name === '') {
    throw new InvalidInputError(
      `Variable.${type}: expected the name of a Variable, got ${JSON.stringify(name)}.`,
    );
  }
  const fallback = options?.default;
  if (fallback === undefined || (type !== 'json' && kindOf(fallback) !== type)) {
    throw new InvalidInputError(
      `Variable.${type}("${name}"): expected { default: <${type}> }, which holds while the Variable does not exist.`,
    );
  }
  return Object.freeze({
    [LIVE_VARIABLE]: true,
    name,
    type,
    default: fallback,
  }) as unknown as LiveVariable<T>;
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
