import { didYouMean, InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import { isDailyPlan, parseDailyPlan } from '../timetables/index.ts';

/** A Variable that tsflow itself reads: it has a meaning, bounds and a default, and a value that does not fit is refused. */
export interface OwnVariable {
  readonly type: 'integer';
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** What it counts. */
  readonly unit: string;
  /** What the smallest value means. */
  readonly minMeans: string;
  readonly description: string;
}

/** tsflow's own Variables by key. All others belong to the authors of DAGs. */
export const ownVariables: Readonly<Record<string, OwnVariable>> = {
  parallelism: {
    type: 'integer',
    min: 0,
    max: 100_000,
    default: 16,
    unit: 'task instances',
    minMeans: '0 pauses',
    description:
      'How many task instances may run at once over all DAGs. Read at every decision: a change takes effect within a second, ' +
      'lowering it lets running tasks finish. A daily plan gives each time of the day a number of its own.',
  },
};

/**
 * The value under which a Variable is stored. A key that tsflow itself reads has a schema: what does not fit is refused with
 * {@link InvalidInputError} in words (`parallelism: expected a whole number from 0 (0 pauses), got "abc".`). A number may come as
 * text, as command lines and forms send it. A limit may also be a daily plan.
 */
export function validateVariable(key: string, value: Json): Json {
  assertVariableKey(key);
  const own = ownVariables[key];
  if (own === undefined) return value;
  if (isDailyPlan(value)) return checkedPlan(key, value, own);
  const number = wholeNumber(value);
  if (number === null || number < own.min || number > own.max) {
    const range = number !== null && number > own.max ? ` to ${own.max}` : '';
    throw new InvalidInputError(
      `${key}: expected a whole number from ${own.min}${range} (${own.minMeans}), got ${JSON.stringify(value)}.`,
    );
  }
  return number;
}

function checkedPlan(key: string, value: Json, { min, max }: OwnVariable): Json {
  const { least, greatest } = parseDailyPlan(value);
  if (least >= min && greatest <= max) return value;
  throw new InvalidInputError(
    `${key}: expected a daily plan of whole numbers from ${min} to ${max}, got ${JSON.stringify(value)}.`,
  );
}

/** A key that is nearly the name of one of tsflow's own Variables, for a warning after it was set. */
export function misspeltOwnVariable(key: string): string | undefined {
  return key in ownVariables ? undefined : didYouMean(key, Object.keys(ownVariables));
}

/** Keys appear in URLs, in logs and in tables. Throws {@link InvalidInputError}. */
function assertVariableKey(key: string): void {
  if (/^[\p{L}\p{N}_][\p{L}\p{N}_.\-:]{0,249}$/u.test(key)) return;
  throw new InvalidInputError(
    `Variable key: expected 1 to 250 letters, digits, "_", ".", "-" or ":", beginning with a letter, digit or "_", got ${JSON.stringify(key)}.`,
  );
}

/** The whole number that `value` is or spells; null for anything else. */
export function wholeNumber(value: Json | undefined): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  if (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value)) return wholeNumber(Number(value));
  return null;
}
