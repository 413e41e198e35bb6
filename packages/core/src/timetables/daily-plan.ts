import { type Duration, durationMs } from '../duration.ts';
import { didYouMean, errorMessage, InvalidInputError } from '../errors.ts';
import type { Json } from '../json.ts';
import { Cron } from './cron.ts';
import { CronTicks } from './cron-ticks.ts';
import type { Ticks } from './ticks.ts';
import { Zone } from './zone-readings.ts';

/**
 * A number that follows the clock: `{ default: 4, windows: [{ cron: '0 1 * * *', for: '5h', value: 16 }] }` is 16 from one to six in
 * the morning and 4 otherwise. What lowers the load at the peak and uses the night.
 */
export interface DailyPlan {
  /** What holds outside of every window. */
  readonly default: number;
  /** Of those that are open at one moment, the first in the list counts. */
  readonly windows: readonly PlanWindow[];
  /** IANA name: the windows' crons are read in it. Default: the DAG's zone in a DAG file, UTC in a Variable. */
  readonly timezone?: string | undefined;
}

/** A stretch of each day, or of some days, with a value of its own. */
export interface PlanWindow {
  /** When it opens. */
  readonly cron: string;
  /** How long it stays open, in time that really passes. */
  readonly for: Duration;
  /** What holds while it is open. */
  readonly value: number;
}

/** What a plan says at one moment, and until when it says so (ms since 1970; Infinity: for ever). */
export interface PlanReading {
  readonly value: number;
  readonly until: number;
}

/** A plan that was checked, ready to be asked. */
export interface ParsedPlan {
  /** Smallest and largest number that it ever says. */
  readonly least: number;
  readonly greatest: number;
  at(now: number): PlanReading;
}

/** Whether a value wants to be a plan, well formed or not. */
export function isDailyPlan(value: unknown): value is DailyPlan {
  return typeof value === 'object' && value !== null && 'windows' in value;
}

const MEMBERS = ['default', 'windows', 'timezone'];
const WINDOW_MEMBERS = ['cron', 'for', 'value'];
/** Plans are read at each decision, out of objects that stay the same ones until somebody changes the Variable. */
const parsed = new WeakMap<object, ParsedPlan>();

/**
 * Checks a plan and makes it ready. Throws {@link InvalidInputError} that says which member is wrong: an unknown one, a value that is
 * no whole number from 0, a cron or a duration that does not exist.
 */
export function parseDailyPlan(plan: Json | DailyPlan): ParsedPlan {
  const known = typeof plan === 'object' && plan !== null ? parsed.get(plan) : undefined;
  if (known !== undefined) return known;
  const ready = parse(plan);
  parsed.set(plan as object, ready);
  return ready;
}

interface Window {
  readonly ticks: Ticks;
  readonly forMs: number;
  readonly value: number;
}

function parse(plan: Json | DailyPlan): ParsedPlan {
  if (!isDailyPlan(plan) || !Array.isArray(plan.windows)) {
    throw new InvalidInputError(
      'daily plan: expected { "default": 4, "windows": [{ "cron": "0 1 * * *", "for": "5h", "value": 16 }] }.',
    );
  }
  refuseUnknown(plan, MEMBERS, 'daily plan');
  const fallback = limit(plan.default, 'default');
  const zone = Zone.named(plan.timezone ?? 'UTC');
  const windows = plan.windows.map((window, index) => parseWindow(window, `windows[${index}]`, zone));
  const values = [fallback, ...windows.map(({ value }) => value)];
  let last = { from: Number.POSITIVE_INFINITY, value: 0, until: 0 };
  return {
    least: Math.min(...values),
    greatest: Math.max(...values),
    at(now) {
      if (now < last.from || now >= last.until) last = { from: now, ...readingAt(windows, fallback, now) };
      return { value: last.value, until: last.until };
    },
  };
}

function readingAt(windows: readonly Window[], fallback: number, now: number): PlanReading {
  let value: number | null = null;
  let until = Number.POSITIVE_INFINITY;
  for (const window of windows) {
    const opened = window.ticks.before(now + 1);
    const closes = opened === null ? now : opened + window.forMs;
    if (closes > now) {
      value ??= window.value;
      until = Math.min(until, closes);
    }
    until = Math.min(until, window.ticks.after(now) ?? Number.POSITIVE_INFINITY);
  }
  return { value: value ?? fallback, until };
}

function parseWindow(window: unknown, where: string, zone: Zone): Window {
  if (typeof window !== 'object' || window === null) {
    throw new InvalidInputError(`daily plan: ${where} expects { "cron", "for", "value" }.`);
  }
  refuseUnknown(window, WINDOW_MEMBERS, `daily plan: ${where}`);
  const { cron, for: length, value } = window as Partial<PlanWindow>;
  if (typeof cron !== 'string') throw new InvalidInputError(`daily plan: ${where}.cron expects a cron.`);
  if (typeof length !== 'string' && typeof length !== 'number') {
    throw new InvalidInputError(`daily plan: ${where}.for expects a duration such as "5h".`);
  }
  const forMs = durationMs(length, `daily plan: ${where}.for`);
  if (forMs === 0) throw new InvalidInputError(`daily plan: ${where}.for expects more than nothing.`);
  return {
    ticks: new CronTicks(checkedCron(cron, where), zone),
    forMs,
    value: limit(value, `${where}.value`),
  };
}

function checkedCron(expression: string, where: string): Cron {
  try {
    return new Cron(expression);
  } catch (error) {
    throw new InvalidInputError(`daily plan: ${where}.cron: ${errorMessage(error)}`, { cause: error });
  }
}

function limit(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidInputError(
    `daily plan: ${where} expects a whole number from 0, got ${JSON.stringify(value)}.`,
  );
}

function refuseUnknown(value: object, known: readonly string[], where: string): void {
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const meant = didYouMean(unknown, known);
  throw new InvalidInputError(
    `${where} has no member "${unknown}"${meant === undefined ? `: expected ${known.join(', ')}` : `. Did you mean "${meant}"?`}`,
  );
}
