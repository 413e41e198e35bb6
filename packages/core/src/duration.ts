import { InvalidInputError } from './errors.ts';

/**
 * A length of time as authors write it: `'10m'`, `'1h 30m'`, `'500ms'`, `'2d'`, or a plain number of **seconds** as in
 * Airflow's `retry_delay`. Units: ms, s, m, h, d (24 h), w (7 d).
 */
export type Duration = string | number;

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The length of `duration` in milliseconds. Throws {@link InvalidInputError} when it is negative, not finite, or not one of
 * the forms of {@link Duration}; `name` says in the message which option was wrong.
 */
export function durationMs(duration: Duration, name = 'duration'): number {
  if (typeof duration === 'number') {
    if (Number.isFinite(duration) && duration >= 0) return Math.round(duration * 1000);
    throw new InvalidInputError(`${name}: expected seconds as a number from 0, got ${duration}.`);
  }
  const text = duration.trim();
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*/gy)];
  const matched = parts.reduce((length, part) => length + part[0].length, 0);
  if (parts.length === 0 || matched !== text.length) {
    throw new InvalidInputError(
      `${name}: expected a duration such as "10m", "1h 30m" or "500ms", got "${duration}".`,
    );
  }
  return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNIT_MS[unit!]!, 0));
}

/** A length of time for people: `0.4 s`, `9.8 s`, `1m 12s`, `2h 05m`, `3d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (n: number) => String(n).padStart(2, '0');
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
