import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject } from '../test/support/installed-project.ts';
import { socketRoundTrips } from './raw/socket-round-trips.ts';
import { attemptRate, triggerRuns } from './support/rate.ts';
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
  const runs = await triggerRuns(await project.store(), dagIds, runsPerDag);
  return await attemptRate(project, runs);
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
