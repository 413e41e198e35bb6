import type { Store } from '@tsflow/core/store';
import { type InstalledProject, stop, until } from '../../test/support/installed-project.ts';

/** Asks for runs as somebody would, without waiting for the answers: with no scheduler running they are all due when it starts. */
export async function triggerRuns(
  store: Store,
  dagIds: readonly string[],
  runsPerDag: number,
): Promise<number> {
  const payload = JSON.stringify({ conf: {} });
  for (let run = 0; run < runsPerDag; run++) {
    for (const dagId of dagIds) {
      await store.intents.submit({
        dagId,
        kind: 'trigger',
        payload,
        actor: 'bench',
        requestedAt: 0,
        idempotencyKey: null,
      });
    }
  }
  return dagIds.length * runsPerDag;
}

/**
 * Runs a scheduler until so many runs have succeeded; attempts ended per second, from the first grant to the last end as the rows tell
 * it: starting the process and its runners is T12's business.
 */
export async function attemptRate(
  project: InstalledProject,
  runs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const store = await project.store();
  const scheduler = project.startWith(env, 'scheduler');
  await until('every run has succeeded', async () => (await succeeded(store)) === runs, 600_000, 50);
  await stop(scheduler);
  const { first, last, attempts } = await store.db
    .selectFrom('attempt')
    .select(({ fn }) => [
      fn.min<number>('queuedAt').as('first'),
      fn.max<number>('endDate').as('last'),
      fn.countAll<number>().as('attempts'),
    ])
    .executeTakeFirstOrThrow();
  return (Number(attempts) * 1_000) / (Number(last) - Number(first));
}

/** Runs that ended well. Throws when one failed: a figure of a run that broke off would mean nothing. */
async function succeeded(store: Store): Promise<number> {
  const rows = await store.db
    .selectFrom('dagRun')
    .select(({ fn }) => ['state', fn.countAll<number>().as('n')])
    .where('state', 'in', ['success', 'failed'])
    .groupBy('state')
    .execute();
  const count = (state: string) => Number(rows.find((row) => row.state === state)?.n ?? 0);
  if (count('failed') > 0) throw new Error(`${count('failed')} runs failed`);
  return count('success');
}
