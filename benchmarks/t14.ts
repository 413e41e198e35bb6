import { InstalledProject, until } from '../test/support/installed-project.ts';
import { percentile, report } from './support/report.ts';

// T14: schedule tick to first task start on an idle box. One DAG due every second, a warm runner.

const TICKS = 40;

const file = `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'each_second', schedule: { every: '1s' } }, () => { task('only', () => 1); });
`;
await using project = new InstalledProject({ 'each_second.ts': file });
await project.parse(1);
const store = await project.store();
project.start('scheduler');
await until(
  `${TICKS} runs have ended`,
  async () => {
    const row = await store.db
      .selectFrom('dagRun')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('state', '=', 'success')
      .executeTakeFirstOrThrow();
    return Number(row.n) >= TICKS;
  },
  120_000,
  500,
);
const rows = await store.db
  .selectFrom('attempt')
  .innerJoin('dagRun', 'dagRun.key', 'attempt.runKey')
  .select(['dagRun.logicalDate', 'attempt.startDate'])
  .orderBy('attempt.attemptId')
  .execute();
const delays = rows.slice(2, TICKS).map(({ logicalDate, startDate }) => startDate! - logicalDate);
report('t14', 'schedule tick to task start, idle box', [
  { name: 'p50', value: percentile(delays, 0.5), unit: 'ms' },
  { name: 'p95', value: percentile(delays, 0.95), unit: 'ms', target: { value: 50, sense: 'at most' } },
]);
