import { errorMessage, InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { LiveNumber, VariableReference } from '../serialization/index.ts';
import { type DailyPlan, isDailyPlan, type ParsedPlan, parseDailyPlan } from '../timetables/index.ts';
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

/** A step of a plan may change nothing: this many are looked at for one that does. */
const MOST_STEPS = 200;

/** When a limit is next another number by itself (ms since 1970), and which; null: only when somebody changes it. */
export function nextLiveNumber(
  reference: LiveNumber,
  variables: VariableValues,
  now: number,
): { readonly at: number; readonly value: number } | null {
  const { value, until } = readLiveNumber(reference, variables, now);
  let at = until;
  for (let step = 0; step < MOST_STEPS && Number.isFinite(at); step += 1) {
    const next = readLiveNumber(reference, variables, at);
    if (next.value !== value) return { at, value: next.value };
    at = next.until;
  }
  return null;
}

/** The reference to one of tsflow's own Variables: `liveNumber(ownVariable('parallelism'), variables, now)`. */
export function ownVariable(key: string): VariableReference {
  const own = ownVariables[key];
  if (own === undefined) throw new RangeError(`${key} is none of tsflow's own Variables.`);
  return { $variable: { name: key, type: 'number', default: own.default } };
}

/** A limit as people write it outside of a DAG file: a number, the name of a Variable, or a daily plan. */
export type WrittenLimit = number | WrittenVariable | DailyPlan;

export interface WrittenVariable {
  readonly variable: string;
  /** What holds while there is no such Variable. */
  readonly default: number;
}

/**
 * A written limit, checked. Throws {@link InvalidInputError} that begins with `what`.
 *
 * @param least smallest number that it may be; -1: there may be no limit
 */
export function limitOf(written: WrittenLimit, what: string, least: number): LiveNumber {
  if (typeof written === 'number') return bounded(written, what, least);
  if (isDailyPlan(written)) {
    const plan = planWithin(written, Number.POSITIVE_INFINITY);
    if (typeof plan === 'string') throw new InvalidInputError(`${what}: ${plan}`);
    const windows = written.windows.map(({ cron, for: length, value }) => ({ cron, for: length, value }));
    return { $plan: { default: written.default, windows, timezone: written.timezone ?? 'UTC' } };
  }
  const { variable, default: fallback } = written;
  if (variable === '') throw new InvalidInputError(`${what}: expected the name of a Variable.`);
  const value = bounded(fallback, `${what}: default`, Math.max(0, least));
  return { $variable: { name: variable, type: 'number', default: value } };
}

/** What somebody would write for a limit. */
export function writtenLimit(limit: LiveNumber): WrittenLimit {
  if (typeof limit === 'number') return limit;
  if ('$plan' in limit) return limit.$plan;
  return { variable: limit.$variable.name, default: wholeNumber(limit.$variable.default) ?? 0 };
}

/** What a limit is without its Variable, and outside of the windows of its plan. */
export function settledLimit(limit: LiveNumber): number {
  const written = writtenLimit(limit);
  return typeof written === 'number' ? written : written.default;
}

/** A limit on a command line: `8`, `variable:NAME=8`, or a daily plan as JSON. Throws {@link InvalidInputError}. */
export function parseLimit(text: string, what: string): WrittenLimit {
  if (/^-?\d+$/.test(text)) return Number(text);
  const [, variable, fallback] = /^variable:([^=]+)=(\d+)$/.exec(text) ?? [];
  if (variable !== undefined) return { variable, default: Number(fallback) };
  if (text.startsWith('{')) {
    try {
      const plan: unknown = JSON.parse(text);
      if (isDailyPlan(plan)) return plan;
    } catch {
      // Said below: it is none of the three.
    }
  }
  throw new InvalidInputError(
    `${what}: expected a number, "variable:NAME=8", or a daily plan as JSON { "default": 4, "windows": [...] }, got "${text}".`,
  );
}

function bounded(value: number, what: string, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  const unlimited = least < 0 ? ', or -1 for no limit' : '';
  throw new InvalidInputError(
    `${what}: expected a whole number from ${Math.max(0, least)}${unlimited}, got ${value}.`,
  );
}

const fixed = (value: number): LiveNumberReading => ({
  value,
  problem: null,
  until: Number.POSITIVE_INFINITY,
});

/** The plan, or in words why it is none. */
function planWithin(stored: Json | DailyPlan, max: number): ParsedPlan | string {
  if (!isDailyPlan(stored)) return `expected a whole number from 0, got ${JSON.stringify(stored)}.`;
  try {
    const plan = parseDailyPlan(stored);
    return plan.greatest <= max ? plan : `expected numbers up to ${max} in its daily plan.`;
  } catch (error) {
    if (error instanceof InvalidInputError) return errorMessage(error);
    throw error;
  }
}
