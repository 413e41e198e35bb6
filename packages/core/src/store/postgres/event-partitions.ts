import { sql, type Transaction } from 'kysely';
import type { Tables } from '../tables.ts';

/** Months ahead of the current one that have a partition, so that a scheduler may run unattended. */
const MONTHS_AHEAD = 2;

/**
 * Makes a partition for this month and the next ones, where there is none: old months can then be dropped at once. A month whose
 * events are in the default partition already stays there; nothing is lost, it only has to be deleted row by row later.
 */
export async function keepEventPartitions(tx: Transaction<Tables>, now: number): Promise<void> {
  for (let ahead = 0; ahead <= MONTHS_AHEAD; ahead++) await keepMonth(tx, now, ahead);
}

async function keepMonth(tx: Transaction<Tables>, now: number, ahead: number): Promise<void> {
  const date = new Date(now);
  const monthStart = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1);
  const from = monthStart(ahead);
  const to = monthStart(ahead + 1);
  const name = `event_${new Date(from).toISOString().slice(0, 7).replace('-', '_')}`;
  // Looked up first: creating takes a lock that waits for every turn.
  const { rows } = await sql<{ exists: boolean; isTaken: boolean }>`
    select to_regclass(${name}) is not null as "exists",
      exists (select 1 from event_other where at >= ${from} and at < ${to}) as "is_taken"`.execute(tx);
  if (rows[0]!.exists || rows[0]!.isTaken) return;
  await sql`create table ${sql.table(name)} partition of event for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(
    tx,
  );
}
