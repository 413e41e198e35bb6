import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { until } from '../support/installed-project.ts';

// Every page as people meet it on a busy day, in light and dark and on a telephone: pictures to look at, and axe on each.

/** Tasks that wait go on once this file is there. */
const GATE = join(tmpdir(), `tsflow-gate-${randomUUID()}`);

const day = `import { existsSync } from 'node:fs';
import { DAG, group, task } from '@tsflow/core';
import { z } from 'zod';

async function gate() {
  while (!existsSync(${JSON.stringify(GATE)})) await new Promise((go) => setTimeout(go, 20));
}
const work = (ms: number) => new Promise<void>((go) => setTimeout(go, ms));
let seen = 0;

/** Sales of a day: read from the shops, cleaned, put into the marts. */
export default new DAG(
  {
    dagId: 'sales',
    description: 'Sales of a day, from the shops to the marts',
    schedule: '0 3 * * *',
    timezone: 'Asia/Tokyo',
    startDate: '2025-01-01',
    catchup: false,
    tags: ['shops', 'daily'],
    owner: 'data',
    params: z.object({ shop: z.string().default('all').describe('Shop to load'), rows: z.number().int().default(100) }),
  },
  () => {
    const read = task('read', async ({ log }) => {
      log.info('reading shops', { shops: 12 });
      for (let i = 1; i <= 40; i += 1) log.info('shop ' + i + ': ' + i * 31 + ' rows');
      log.warn('shop 7 sent no file');
      await work(30);
      return 100;
    });
    const clean = task('clean', async (_context, { n }) => { await work(60); return n; }, { n: read.output });
    group('marts', () => {
      for (const name of ['revenue', 'returns', 'stock', 'visits'])
        task(name, async (_context, { n }) => { await work(20 + name.length * 12); return n; }, { n: clean.output });
    });
  },
);

new DAG({ dagId: 'orders', description: 'Fails, is tried again, and fails', tags: ['shops'], owner: 'shop' }, () => {
  const extract = task('extract', async ({ log }) => { log.info('61 rows in partition 2026-01-01'); await work(120); return 61; });
  const load = task(
    'load',
    async ({ log }) => {
      log.info('connecting to the warehouse');
      await work(180);
      log.error('about to fail');
      throw new Error('no such table: orders\\n  while inserting 61 rows', { cause: new Error('relation "orders" does not exist') });
    },
    { n: extract.output },
    { retries: 1, retryDelay: '300ms' },
  );
  task('report', (_context, { n }) => n, { n: load.output });
  task('audit', async () => { await work(250); return 'ok'; });
});

new DAG({ dagId: 'nightly', description: 'Waits for its gate', schedule: '@hourly', startDate: '2026-01-01', catchup: false, tags: ['ops'] }, () => {
  const begin = task('begin', async () => { await work(40); return 1; });
  const hold = task('hold', async ({ log }, { n }) => { log.info('waiting'); await gate(); return n; }, { n: begin.output });
  task('finish', (_context, { n }) => n, { n: hold.output });
});

new DAG({ dagId: 'history', description: 'Backfilled', schedule: '@daily', startDate: '2020-01-01', catchup: false, maxActiveRuns: 4 }, () => {
  task('crunch', async ({ logicalDate }) => {
    seen += 1;
    if (logicalDate.getUTCDate() === 13) throw new Error('the file of the 13th is broken');
    if (seen > 60) await gate();
    return seen;
  });
});
`;
const broken = `import { DAG } from '@tsflow/core';

new DAG({ dagId: 'broken', schedul: '@daily' }, () => {});
`;

let flow: BrowsedProject;
const runs: Record<string, string> = {};
const page = () => flow.chrome.page;
const path = (dagId: string, rest = ''): string =>
  `/dags/${dagId}/runs/${encodeURIComponent(runs[dagId]!)}${rest}`;

beforeAll(async () => {
  flow = await BrowsedProject.start({ 'day.ts': day, 'broken.ts': broken });
  const { project } = flow;
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'sales', exact: true }).waitFor();
  for (let i = 0; i < 6; i += 1) {
    await project.json('dags', 'trigger', 'sales');
    runs.sales = (await flow.runOf('sales', 'success')).runId;
  }
  await project.json('dags', 'trigger', 'orders');
  runs.orders = (await flow.runOf('orders', 'failed')).runId;
  await project.json('dags', 'trigger', 'nightly');
  runs.nightly = (await flow.runOf('nightly', 'running')).runId;
  await flow.task('nightly', 'hold', 'running');
  await project.json('backfill', 'history', '--start', '2025-01-01', '--end', '2025-06-30', '--detach');
  const store = await project.store();
  await until('half of the backfill has run', async () => {
    const { count } = await store.db
      .selectFrom('dagRun')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('dagId', '=', 'history')
      .where('endDate', 'is not', null)
      .executeTakeFirstOrThrow();
    return Number(count) >= 40;
  });
}, 90_000);

afterAll(async () => {
  await writeFile(GATE, '');
  await flow?.[Symbol.asyncDispose]();
  await rm(GATE);
});

/** Pages by the name of their picture: where they are, and what is there once they are drawn. */
const PAGES: readonly (readonly [name: string, path: () => string, shown: string])[] = [
  ['home', () => '/', '.run-cluster'],
  ['dags', () => '/dags', 'text=nightly'],
  ['dag-grid', () => '/dags/sales', '.grid-cell'],
  ['dag-grid-backfill', () => '/dags/history?runs=50', '.grid-cell'],
  ['dag-graph', () => '/dags/sales?tab=graph', '.graph-node[data-state="success"]'],
  ['dag-runs', () => '/dags/history?tab=runs', '.table tbody tr'],
  ['dag-code', () => '/dags/sales?tab=code', '.code-line'],
  ['dag-details', () => '/dags/sales?tab=details', '.details, .pairs'],
  ['runs', () => '/runs', '.table tbody tr'],
  ['run-gantt', () => path('sales'), '.bar'],
  ['run-graph', () => path('orders', '?view=graph'), '.graph-node[data-state="failed"]'],
  ['run-running', () => path('nightly', '?task=hold&tab=why'), '.bar[data-state="running"]'],
  ['run-failed', () => path('orders', '?task=load'), '.log-line[data-level="error"]'],
  ['task-log', () => path('sales', '?task=read&find=shop'), '.log-line mark'],
  ['task-why', () => path('orders', '?task=report&tab=why'), '[role="tabpanel"] .checks'],
  ['task-rendered', () => path('orders', '?task=load&tab=rendered'), '[role="tabpanel"]'],
  [
    'task-xcom',
    () => path('orders', '?task=extract&tab=xcom'),
    '[role="tabpanel"] dt, [role="tabpanel"] .notice',
  ],
  ['task-attempts', () => path('orders', '?task=load&tab=attempts'), '[role="tabpanel"] tbody tr'],
  ['task-events', () => path('orders', '?task=load&tab=events'), '[role="tabpanel"] tbody tr'],
  ['task-code', () => path('orders', '?task=load&tab=code'), '.code-line[data-marked]'],
  ['backfills', () => '/backfills', '[role="progressbar"]'],
  ['variables', () => '/variables', '.table tbody tr'],
  ['import-errors', () => '/import-errors', '.code-line[data-marked]'],
];

it.each(PAGES)('%s', async (name, where, shown) => {
  await flow.open(where());
  await page().locator(shown).first().waitFor();
  await flow.chrome.look(name);
});

/** Those that have to be of use on a telephone. */
const NARROW = ['home', 'dags', 'runs', 'run-gantt', 'run-failed', 'dag-grid'];

it.each(PAGES.filter(([name]) => NARROW.includes(name)))('%s on a telephone', async (name, where, shown) => {
  await page().setViewportSize({ width: 375, height: 740 });
  await flow.open(where());
  await page().locator(shown).first().waitFor();
  await flow.chrome.lookNarrow(name);
});

/** Those that a person meets first, and those with the most in them. */
const PASSES = [...NARROW, 'backfills', 'variables', 'task-why', 'run-graph'];

it.each(PAGES.filter(([name]) => PASSES.includes(name)))(
  '%s at 200 %% zoom and in forced colours',
  async (name, where, shown) => {
    await flow.open(where());
    await page().locator(shown).first().waitFor();
    await flow.chrome.lookForced(name);
    await page().setViewportSize({ width: 720, height: 450 });
    await flow.chrome.lookZoomed(name);
  },
);

it.each(PAGES.filter(([name]) => ['dags', 'runs', 'backfills'].includes(name)))(
  '%s with every column in sight of a small laptop',
  async (name, where, shown) => {
    await page().setViewportSize({ width: 1280, height: 800 });
    await flow.open(where());
    await page().locator(shown).first().waitFor();
    const beyond = await page()
      .locator('.table-scroll')
      .evaluate((table) => table.scrollWidth - table.clientWidth);
    expect(beyond, `${name} goes on to the right`).toBeLessThanOrEqual(0);
    await page().setViewportSize({ width: 1440, height: 900 });
  },
);

it('the form of a new backfill', async () => {
  await flow.open('/dags/history');
  await page().getByRole('button', { name: 'Backfill', exact: true }).click();
  await page().getByRole('dialog').waitFor();
  await flow.chrome.look('backfill-form');
});

it('a task that was killed', async () => {
  await flow.open(path('nightly', '?task=hold&tab=attempts'));
  await page().getByRole('region', { name: 'Task hold' }).getByRole('button', { name: 'Kill…' }).click();
  await page().getByRole('dialog').getByRole('button', { name: /kill/i }).last().click();
  await flow.runOf('nightly', 'failed');
  await page().getByRole('region', { name: 'Task hold' }).getByRole('cell', { name: 'killed' }).waitFor();
  await flow.chrome.look('run-killed');
});

it('have no complaint', () => expect(flow.chrome.complaints).toEqual([]));
