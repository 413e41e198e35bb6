import type { Json } from '../json.ts';
import type { LiveNumber, VariableReference } from '../serialization/index.ts';
import { ownVariables, wholeNumber } from './own-variables.ts';

/** Values of Variables by key, as JSON. A `Map` is one. */
export interface VariableValues {
  get(key: string): Json | undefined;
}

/** A limit at this moment, and in words what is wrong with its Variable, if something is. */
export interface LiveNumberReading {
  readonly value: number;
  readonly problem: string | null;
}

/**
 * What a limit is at this moment. A Variable that does not exist means its default; one whose value is no whole number from 0
 * means `lastGood` (default: its default). See {@link readLiveNumber} for the warning that goes with it.
 */
export function liveNumber(reference: LiveNumber, variables: VariableValues, lastGood?: number): number {
  return readLiveNumber(reference, variables, lastGood).value;
}

/** {@link liveNumber}, with the reason why the Variable's value was not taken. */
export function readLiveNumber(
  reference: LiveNumber,
  variables: VariableValues,
  lastGood?: number,
): LiveNumberReading {
  if (typeof reference === 'number') return { value: reference, problem: null };
  const { name } = reference.$variable;
  const stored = variables.get(name);
  const fallback = wholeNumber(reference.$variable.default) ?? 0;
  if (stored === undefined) return { value: fallback, problem: null };
  const own = ownVariables[name];
  const number = wholeNumber(stored);
  if (number !== null && number >= 0 && (own === undefined || number <= own.max)) {
    return { value: number, problem: null };
  }
  const value = lastGood ?? fallback;
  return {
    value,
    problem: `Variable ${name}: expected a whole number from 0, got ${JSON.stringify(stored)}. ${value} stays in force.`,
  };
}

/** The reference to one of tsflow's own Variables: `liveNumber(ownVariable('parallelism'), variables)`. */
export function ownVariable(key: string): VariableReference {
  const own = ownVariables[key];
  if (own === undefined) throw new RangeError(`${key} is none of tsflow's own Variables.`);
  return { $variable: { name: key, type: 'number', default: own.default } };
}
