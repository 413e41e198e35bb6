import { errorMessage, InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { LiveNumber, VariableReference } from '../serialization/index.ts';
import { isDailyPlan, type ParsedPlan, parseDailyPlan } from '../timetables/index.ts';
import { ownVariables, wholeNumber } from './own-variables.ts';

/** Values of Variables by key, as JSON. A `Map` is one. */
export interface VariableValues {
  get(key: string): Json | undefined;
}

/** A limit at this moment, and in words what is wrong with its Variable, if something is. */
export interface LiveNumberReading {
  readonly value: number;
  readonly problem: string | null;
  /** When a daily plan says something else (ms since 1970); Infinity: only when somebody changes it. */
  readonly until: number;
}

/**
 * What a limit is at the moment `now`. A Variable that does not exist means its default; one whose value is neither a whole number
 * from 0 nor a daily plan means `lastGood` (default: its default). See {@link readLiveNumber} for the warning that goes with it.
 */
export function liveNumber(
  reference: LiveNumber,
  variables: VariableValues,
  now: number,
  lastGood?: number,
): number {
  return readLiveNumber(reference, variables, now, lastGood).value;
}

/** {@link liveNumber}, with the reason why the Variable's value was not taken. */
export function readLiveNumber(
  reference: LiveNumber,
  variables: VariableValues,
  now: number,
  lastGood?: number,
): LiveNumberReading {
  if (typeof reference === 'number') return fixed(reference);
  if ('$plan' in reference) return { ...parseDailyPlan(reference.$plan).at(now), problem: null };
  const { name, default: fallback } = reference.$variable;
  const stored = variables.get(name);
  if (stored === undefined) return fixed(wholeNumber(fallback) ?? 0);
  const max = ownVariables[name]?.max ?? Number.POSITIVE_INFINITY;
  const number = wholeNumber(stored);
  if (number !== null && number >= 0 && number <= max) return fixed(number);
  const plan = planWithin(stored, max);
  if (typeof plan !== 'string') return { ...plan.at(now), problem: null };
  const value = lastGood ?? wholeNumber(fallback) ?? 0;
  return { ...fixed(value), problem: `Variable ${name}: ${plan} ${value} stays in force.` };
}

/** The reference to one of tsflow's own Variables: `liveNumber(ownVariable('parallelism'), variables, now)`. */
export function ownVariable(key: string): VariableReference {
  const own = ownVariables[key];
  if (own === undefined) throw new RangeError(`${key} is none of tsflow's own Variables.`);
  return { $variable: { name: key, type: 'number', default: own.default } };
}

const fixed = (value: number): LiveNumberReading => ({
  value,
  problem: null,
  until: Number.POSITIVE_INFINITY,
});

/** The plan, or in words why it is none. */
function planWithin(stored: Json, max: number): ParsedPlan | string {
  if (!isDailyPlan(stored)) return `expected a whole number from 0, got ${JSON.stringify(stored)}.`;
  try {
    const plan = parseDailyPlan(stored);
    return plan.greatest <= max ? plan : `expected numbers up to ${max} in its daily plan.`;
  } catch (error) {
    if (error instanceof InvalidInputError) return errorMessage(error);
    throw error;
  }
}
