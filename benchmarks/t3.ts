import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject, until } from '../test/support/installed-project.ts';
import { percentile, report } from './support/report.ts';

// T3: latency. One chain of 40 tasks of about 10 ms each, runner processes on; from the end of a task to the start of the next.

const LENGTH = 40;
const RUNS = 5;

await using project = new InstalledProject({ 'chain.ts': chainFile(['chain'], LENGTH, { millis: 10 }) });
await project.parse(1);
const store = await project.store();
project.start('scheduler');
await until('the scheduler is up', async () => (await store.leases.living()).length > 0);
const wholes: number[] = [];
const gaps: number[] = [];
for (let run = 0; run < RUNS + 1; run++) {
  await project.json('dags', 'trigger', 'chain');
  await until('the run has ended', async () => {
    const rows = await store.db.selectFrom('dagRun').select('state').execute();
    return rows.length === run + 1 && rows.every(({ state }) => state === 'success');
  });
  if (run === 0) continue; // the first run warms the runner
  const latest = await store.db
    .selectFrom('dagRun')
    .selectAll()
    .orderBy('key', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow();
  wholes.push(latest.endDate! - latest.startDate!);
  const attempts = await store.db
    .selectFrom('attempt')
    .selectAll()
    .where('runKey', '=', latest.key)
    .orderBy('attemptId')
    .execute();
  for (let i = 1; i < attempts.length; i++) gaps.push(attempts[i]!.startDate! - attempts[i - 1]!.endDate!);
}
report('t3', `one chain of ${LENGTH} tasks of 10 ms`, [
  {
    name: 'whole chain (median)',
    value: percentile(wholes, 0.5),
    unit: 'ms',
    target: { value: 500, sense: 'at most' },
    raw: { name: `${LENGTH} x 10 ms`, value: LENGTH * 10 },
  },
  {
    name: 'end to next start, p50',
    value: percentile(gaps, 0.5),
    unit: 'ms',
    target: { value: 1, sense: 'at most' },
  },
  {
    name: 'end to next start, p99',
    value: percentile(gaps, 0.99),
    unit: 'ms',
    target: { value: 5, sense: 'at most' },
  },
]);
