import type { Asset } from '../api/contract.ts';

/** `fresh`; `stale`: its next event is overdue; `never`: it had none yet; `unset`: nobody said how old it may get. */
export type Freshness = 'fresh' | 'stale' | 'never' | 'unset';

/** How an asset stands at an instant: between two answers of the server it may go stale. */
export function freshnessOf(
  { freshnessMs, lastEventAt, expectedAt }: Pick<Asset, 'freshnessMs' | 'lastEventAt' | 'expectedAt'>,
  now: number,
): Freshness {
  if (freshnessMs === null) return 'unset';
  if (lastEventAt === null || expectedAt === null) return 'never';
  return Date.parse(expectedAt) < now ? 'stale' : 'fresh';
}
