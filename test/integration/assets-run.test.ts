import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, until } from '../support/installed-project.ts';

/** Three DAGs as their author writes them, in real processes: a load that updates assets, a report on them, and one that starts both. */
const DAGS = {
  'dags/shop.ts': `
import { Asset, DAG, EnsureDagRunOperator, task, TriggerDagRunOperator } from '@tsflow/core';

const orders = new Asset('orders', { freshness: '1d' });
const prices = new Asset('prices');

new DAG({ dagId: 'load' }, () => {
  task('write', ({ assets, conf }) => {
    if (conf.files) for (const file of conf.files) assets.emit(orders, { partition: file, extra: { file } });
    return 3;
  }, {}, { outlets: [{ asset: orders, partition: '{{ ds }}', extra: { by: ({ runId }) => runId } }, prices] });
});

new DAG({ dagId: 'report', schedule: [orders, prices] }, () => {
  task('never', () => null);
});

new DAG({ dagId: 'copy', schedule: [orders] }, () => {
  task('tell', async ({ assets, partition }) => {
    const events = await assets.triggeredBy();
    return { partition, events: events.map(({ asset, extra, at }) => ({ asset, extra, isDate: at instanceof Date })) };
  });
});

new DAG({ dagId: 'all' }, () => {
  const trigger = new TriggerDagRunOperator({
    taskId: 'trigger', dagId: 'load', conf: { files: ['{{ ds }}-a', '{{ ds }}-b'] }, logicalDate: '{{ ts }}', waitForCompletion: true,
  });
  const ensure = new EnsureDagRunOperator({ taskId: 'ensure', dagId: 'load' }).after(trigger);
  task('tell', (_context, { triggered, ensured }) => [triggered.state, triggered.runId === ensured.runId], {
    triggered: trigger.output, ensured: ensure.output,
  });
});
`,
};

interface Run {
  readonly runId: string;
  readonly state: string;
  readonly runType: string;
}

let project: InstalledProject;
beforeAll(async () => {
  project = new InstalledProject();
  await project.write(DAGS);
  project.start('standalone', '--port', String(await freePort()));
  await project.parse(4);
});
afterAll(() => project[Symbol.asyncDispose]());

async function runsOf(dagId: string): Promise<readonly Run[]> {
  return project.json<Run[]>('runs', 'list', dagId);
}

async function returned(dagId: string, runId: string, taskId: string): Promise<unknown> {
  const store = await project.store();
  const run = await store.turns.run(dagId, runId);
  const tasks = await store.turns.taskInstances([run!.key]);
  const { key } = tasks.find((instance) => instance.taskId === taskId)!;
  return JSON.parse((await store.turns.xcoms([key], 'return_value')).get(key)!);
}

it('starts a DAG from another, whose events start a third, once for each part', async () => {
  const logicalDate = '2026-01-05T00:00:00Z';
  const { runId } = await project.json<Run>(
    'dags',
    'trigger',
    'all',
    '--logical-date',
    logicalDate,
    '--wait',
  );
  expect(await returned('all', runId, 'tell')).toEqual(['success', true]);
  expect(await runsOf('load')).toMatchObject([{ state: 'success', runType: 'manual' }]);
  await until('each part was copied', async () => {
    const runs = await runsOf('copy');
    return runs.length === 2 && runs.every(({ state }) => state === 'success');
  });
  const copies = await Promise.all((await runsOf('copy')).map((run) => returned('copy', run.runId, 'tell')));
  expect(copies).toEqual(
    expect.arrayContaining(
      ['2026-01-05-a', '2026-01-05-b'].map((file) => ({
        partition: file,
        events: [{ asset: 'orders', extra: { file }, isDate: true }],
      })),
    ),
  );
});

it('renders what an outlet says when its task says nothing', async () => {
  const load = await project.json<Run>(
    'dags',
    'trigger',
    'load',
    '--logical-date',
    '2026-02-01T00:00:00Z',
    '--wait',
  );
  const asset = await project.json<{ events: object[] }>(
    'assets',
    'show',
    'orders',
    '--partition',
    '2026-02-01',
  );
  expect(asset).toMatchObject({
    events: [
      { partition: '2026-02-01', extra: { by: load.runId }, source: { dagId: 'load', taskId: 'write' } },
    ],
  });
});

it('posts from the command line; the same id is answered with the first event and its run', async () => {
  const post = [
    'assets',
    'post',
    'orders',
    '--id',
    'upload-1',
    '--extra',
    '{"file":"x"}',
    '--partition',
    'x',
  ];
  const first = await project.json<{ eventId: number; consumers: { dagId: string; runId: string | null }[] }>(
    ...post,
  );
  expect(first).toMatchObject({
    repeated: false,
    consumers: [
      { dagId: 'copy', state: 'run' },
      { dagId: 'report', state: 'kept', runId: null },
    ],
  });
  expect(await project.json(...post)).toEqual({ ...first, repeated: true });
  const words = await project.run(post);
  expect(words).toMatchObject({ code: 0, stdout: expect.stringContaining('was posted before') });
  expect(words.stdout).toContain(`copy: run ${first.consumers[0]!.runId}`);
  const list = await project.run(['assets', 'list']);
  expect(list.stdout).toMatch(/orders .*load\.write .*copy, report/);
  expect(await project.run(['assets', 'post', 'order'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Did you mean "orders"?'),
  });
});
