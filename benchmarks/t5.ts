import { chainFile } from '../test/support/dag-files.ts';
import { InstalledProject, until } from '../test/support/installed-project.ts';
import { report } from './support/report.ts';

// T5: 850 DAGs of 7 to 8 tasks due in the same second, as at midnight of a large site.

const DAGS = 850;

/** A minute from now that leaves time to parse and to start: the tick of all of them. */
const due = new Date(Math.ceil((Date.now() + 45_000) / 60_000) * 60_000);
const cron = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
const files = Object.fromEntries(
  Array.from({ length: DAGS }, (_, i) => [
    `d${i}.ts`,
    chainFile([`due_${i}`], 7 + (i % 4 === 0 ? 1 : 0), { schedule: cron }),
  ]),
);
await using project = new InstalledProject(files);
await project.parse(DAGS);
const store = await project.store();
project.start('scheduler');
await until(
  'all of them have ended',
  async () => {
    const row = await store.db
      .selectFrom('dagRun')
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .where('state', '=', 'success')
      .executeTakeFirstOrThrow();
    return Number(row.n) === DAGS;
  },
  300_000,
  100,
);
const { last } = await store.db
  .selectFrom('attempt')
  .select(({ fn }) => [fn.max<number>('endDate').as('last')])
  .executeTakeFirstOrThrow();
const { firsts } = await store.db
  .selectFrom('attempt')
  .select(({ fn }) => [fn.max<number>('startDate').as('firsts')])
  .where('taskId', '=', 't0')
  .executeTakeFirstOrThrow();
const { tasks } = await store.db
  .selectFrom('attempt')
  .select(({ fn }) => [fn.countAll<number>().as('tasks')])
  .executeTakeFirstOrThrow();
report('t5', `${DAGS} DAGs due in the same second, ${tasks} tasks`, [
  {
    name: 'all done after the tick',
    value: Number(last) - due.getTime(),
    unit: 'ms',
    target: { value: 3_000, sense: 'at most' },
  },
  {
    name: "last DAG's first task started",
    value: Number(firsts) - due.getTime(),
    unit: 'ms',
    target: { value: 1_000, sense: 'at most' },
  },
]);
