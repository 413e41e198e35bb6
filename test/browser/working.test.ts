import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { PATIENT } from '../support/browser.ts';

// A day's work in the browser, on a real installation: triggering, looking, clearing, changing limits.

/** Tasks of `many` wait until this file is there. */
const GATE = join(tmpdir(), `tsflow-gate-${randomUUID()}`);

const work = `import { existsSync } from 'node:fs';
import { DAG, group, task } from '@tsflow/core';
import { z } from 'zod';
import { names } from './lib/names.ts';

new DAG(
  {
    dagId: 'orders',
    params: z.object({ table: z.string().min(1).describe('Table to load'), rows: z.number().int().default(3) }),
  },
  () => {
    const extract = task('extract', ({ log }) => { log.info('reading ' + names[0]); return 3; });
    group('load', () => {
      const clean = task('clean', (_context, { n }) => n, { n: extract.output });
      task('store', (_context, { n }) => n, { n: clean.output });
    });
  },
);

new DAG({ dagId: 'flaky' }, () => {
  const broken = task('broken', () => { throw new Error('no such table: orders\\nsecond line of it'); }, {}, { retries: 1, retryDelay: 0 });
  task('after', (_context, { n }) => n, { n: broken.output });
});

new DAG({ dagId: 'many', maxActiveTasks: 16 }, () => {
  for (let i = 0; i < 12; i += 1)
    task(\`wait_\${i}\`, async () => {
      while (!existsSync(${JSON.stringify(GATE)})) await new Promise((go) => setTimeout(go, 20));
      return i;
    });
});
`;

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const dialog = () => page().getByRole('dialog');

beforeAll(async () => {
  const names = 'export const names = ["orders"];\n';
  flow = await BrowsedProject.start({ 'work.ts': work, 'lib/names.ts': names });
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'orders', exact: true }).waitFor();
}, 90_000);
afterAll(async () => {
  await writeFile(GATE, '');
  await flow?.[Symbol.asyncDispose]();
  await rm(GATE);
});

it('asks for the params that are missing, finds the mistake in a conf, and starts one run', async () => {
  await flow.open('/dags/orders');
  await page().getByRole('button', { name: 'Trigger', exact: true }).click();
  await dialog().getByRole('button', { name: 'Trigger run' }).click();
  await dialog().getByText('This is needed.').waitFor();
  await flow.chrome.look('trigger-form');
  const conf = dialog().getByLabel('Conf (JSON)');
  await conf.fill('{\n  "table": ,\n}');
  await dialog()
    .getByText(/line 2, column/)
    .waitFor();
  await conf.fill('{ "table": "orders" }');
  await dialog().getByRole('button', { name: 'Trigger run' }).dblclick();
  await page().waitForURL(/\/runs\//);
  await flow.runOf('orders', 'success');
  const store = await flow.project.store();
  const runs = await store.db.selectFrom('dagRun').select('conf').where('dagId', '=', 'orders').execute();
  expect(runs.map(({ conf: text }) => JSON.parse(text as string))).toEqual([{ table: 'orders', rows: 3 }]);
});

it('is walked by keyboard: grid, task, log and back to the same square', async () => {
  await flow.open('/dags/orders');
  const grid = page().getByRole('grid');
  await grid.locator('.grid-cell').first().waitFor();
  await grid.focus();
  for (const key of ['ArrowDown', 'ArrowUp', 'Home', 'ArrowDown']) await page().keyboard.press(key);
  await page().keyboard.press('Control+Home');
  await page().keyboard.press('Enter');
  await page().waitForURL(/task=extract/);
  await page().getByText('reading orders').waitFor();
  await page().getByRole('log').focus();
  await page().keyboard.press('Escape');
  await page().waitForURL((url) => !url.search.includes('task='));
  expect(
    await page()
      .getByRole('treegrid')
      .evaluate((element) => element === element.ownerDocument.activeElement),
  ).toBe(true);
  await page().goBack();
  await grid.waitFor();
});

it('folds a group into one square that counts, and keeps that in the URL', async () => {
  await flow.open('/dags/orders');
  await page().getByRole('rowheader', { name: /load/ }).first().click();
  await page().waitForURL(/closed=load/);
  await page().reload();
  const folded = page()
    .getByRole('row')
    .filter({ has: page().getByRole('rowheader', { name: /load/ }) });
  await folded.getByRole('gridcell', { name: '2 success' }).waitFor();
});

it('shows the states of the newest run on the graph, and gives it as an SVG with every label', async () => {
  await flow.open('/dags/orders?tab=graph');
  await expect.poll(() => page().locator('.graph-node[data-state="success"]').count(), PATIENT).toBe(3);
  const [download] = await Promise.all([
    page().waitForEvent('download'),
    page().getByRole('button', { name: 'SVG' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('orders.svg');
  const svg = await readFile((await download.path())!, 'utf8');
  for (const label of ['extract', 'load', 'clean', 'store']) expect(svg).toContain(`>${label}</text>`);
  expect(svg.match(/<title>[^<]* – success<\/title>/g)).toHaveLength(4);
  expect(svg.match(/<path /g)).toHaveLength(2);
  const drawn = await page().evaluate(
    `new Promise((done) => { const image = new Image(); image.onload = () => done(image.width); image.onerror = () => done(0); image.src = 'data:image/svg+xml,' + encodeURIComponent(${JSON.stringify(svg)}); })`,
  );
  expect(drawn).toBeGreaterThan(100);
});

it('shows the code as it was written, with the modules it imports', async () => {
  await flow.open('/dags/orders?tab=code');
  await page().getByText("dagId: 'orders'").waitFor();
  expect(await page().locator('.code-list button').allTextContents()).toEqual(['work.ts', 'lib/names.ts']);
  await page().getByRole('button', { name: 'lib/names.ts' }).click();
  await page().waitForURL(/file=/);
  await page().getByText('export const names').waitFor();
  await page().reload();
  await page().getByText('export const names').waitFor();
});

it('clears downstream just what it said it would, and keeps both tries', async () => {
  await flow.project.json('dags', 'trigger', 'flaky');
  const { runId } = await flow.runOf('flaky', 'failed');
  await flow.open(`/dags/flaky/runs/${encodeURIComponent(runId)}?task=broken`);
  const stack = page().locator('.log-line[data-level="error"]').filter({ hasText: 'no such table' }).first();
  await stack.waitFor();
  expect(await page().getByRole('log').textContent()).not.toContain('U+000A');
  await page().getByRole('region', { name: 'Task broken' }).getByRole('button', { name: 'Clear…' }).click();
  await dialog().getByText('after', { exact: true }).waitFor();
  const promised = await dialog().getByRole('listitem').allTextContents();
  expect(promised.sort()).toEqual(['failedbrokenversion 1', 'upstream failedafterversion 1']);
  await flow.chrome.look('clear-preview');
  await dialog()
    .getByRole('button', { name: /^Clear/ })
    .last()
    .click();
  await dialog().waitFor({ state: 'detached' });
  const attempts = page().getByLabel('Attempt', { exact: true });
  await expect.poll(() => attempts.locator('option').count(), PATIENT).toBe(4);
  await flow.runOf('flaky', 'failed');
});

it('changes the number of slots while tasks run, and refuses what is no number', async () => {
  const edit = async (value: string) => {
    await flow.open('/variables?filter=parallelism');
    await page().getByRole('button', { name: 'Change parallelism' }).click();
    await page().getByLabel('Value of parallelism').fill(value);
    await page().getByRole('button', { name: 'Save' }).click();
  };
  const setParallelism = async (value: string) => {
    await edit(value);
    await page().getByLabel('Value of parallelism').waitFor({ state: 'detached' });
    await flow.open('/');
  };
  await setParallelism('4');
  await flow.project.json('dags', 'trigger', 'many');
  await page().getByText('4 slots, 4 used').waitFor();
  await setParallelism('1');
  await page().getByText('1 slots, 4 used').waitFor();
  await setParallelism('8');
  await page().getByText('8 slots, 8 used').waitFor();
  await edit('many');
  await page().getByRole('alert').getByText('parallelism').waitFor();
  await writeFile(GATE, '');
  await flow.runOf('many', 'success');
});

it('has complained of nothing', () => {
  // Refused on purpose: the value that is no number.
  const complaints = flow.chrome.complaints.filter((text) => !/status of 4\d\d/.test(text));
  expect(complaints).toEqual([]);
});
