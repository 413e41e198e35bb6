import type { Limit, OptionChecks } from './operator-options.ts';

/**
 * What tasks share that may not run side by side, over all DAGs: `'salesforce'`, or `{ key: 'salesforce', limit: 3 }` for three at a
 * time. A pool without administration: it exists as soon as a task names it.
 */
export type ConcurrencyKey = string | { readonly key: string; readonly limit?: Limit | undefined };

/** The same after checks and defaults. */
export interface ConcurrencySettings {
  readonly key: string;
  readonly limit: Limit;
}

const KEY = /^[\p{L}\p{N}_][\p{L}\p{N}_.:/-]{0,249}$/u;

export function concurrencyOf(
  given: ConcurrencyKey | undefined,
  check: OptionChecks,
): ConcurrencySettings | null {
  if (given === undefined) return null;
  const { key, limit = 1 } = typeof given === 'string' ? { key: given } : given;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw check.refuse('concurrencyKey', '1 to 250 letters, digits, "_", ".", ":", "/" or "-"', key);
  }
  return { key, limit: check.limit('concurrencyKey', limit, 1) };
}
