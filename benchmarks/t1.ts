import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject, stop, until } from '../test/support/installed-project.ts';
import { socketRoundTrips } from './raw/socket-round-trips.ts';
import { rawRowUpdates } from './support/raw-rows.ts';
import { type Figure, report } from './support/report.ts';

// T1: throughput on SQLite. 1,000 runs x 10 chained no-op function tasks over 100 DAGs, each passing a value to the next, all due at
// once, 16 slots, an attempt log each; runner processes, every state change committed (synchronous FULL).

const DAGS = 100;
const LENGTH = 10;

async function throughput(runsPerDag: number): Promise<number> {
  const dagIds = Array.from({ length: DAGS }, (_, i) => `chain_${i}`);
  await using project = new InstalledProject({ 'chains.ts': chainFile(dagIds, LENGTH) });
  await project.parse(DAGS);
  const store = await project.store();
  for (let run = 0; run < runsPerDag; run++) {
    for (const dagId of dagIds) {
      const payload = JSON.stringify({ conf: {} });
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
  const total = DAGS * runsPerDag;
  const scheduler = project.start('scheduler');
  await until('every run has ended', async () => (await count(project, 'success')) === total, 300_000, 50);
  await stop(scheduler);
  // From the first grant to the last end, as the rows tell it: starting the process and its runners is T12's business.
  const { first, last } = await store.db
    .selectFrom('attempt')
    .select(({ fn }) => [fn.min<number>('queuedAt').as('first'), fn.max<number>('endDate').as('last')])
    .executeTakeFirstOrThrow();
  return (total * LENGTH * 1_000) / (Number(last) - Number(first));
}

async function count(project: InstalledProject, state: string): Promise<number> {
  const store = await project.store();
  const row = await store.db
    .selectFrom('dagRun')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('state', '=', state)
    .executeTakeFirstOrThrow();
  return Number(row.n);
}

const raw = { name: 'round trips/s to 2 children, 16 in flight', value: await socketRoundTrips(16) };
const figures: Figure[] = [
  { name: 'SQLite row updates, 100 a commit', value: rawRowUpdates(100), unit: 'rows/s' },
];
for (const runsPerDag of [1, 10]) {
  const rate = await throughput(runsPerDag);
  const target = runsPerDag === 10 ? { target: { value: 8_000, sense: 'at least' as const } } : {};
  figures.push({
    name: `${DAGS * runsPerDag} runs x ${LENGTH} tasks`,
    value: rate,
    unit: 'tasks/s',
    raw,
    ...target,
  });
}
report('t1', 'throughput, SQLite', figures);
