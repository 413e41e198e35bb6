/**
 * Counts runs of no backfill (null), or of one, in or out. What is down to none is kept no longer: a DAG has many backfills in its life.
 */
export function countRuns(counts: Map<number | null, number>, backfillKey: number | null, by: number): void {
  const runs = (counts.get(backfillKey) ?? 0) + by;
  if (runs > 0) counts.set(backfillKey, runs);
  else counts.delete(backfillKey);
}
