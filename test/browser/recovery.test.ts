import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { PATIENT } from '../support/browser.ts';
import { until } from '../support/installed-project.ts';

// Running things again in the browser: one index, a stretch of a run, with other params, on the newest code or the run's own.

const shops = (mended: boolean) => `import { DAG, expand, task } from '@tsflow/core';
import { z } from 'zod';

new DAG({ dagId: 'shops', params: z.object({ day: z.string().default('monday') }) }, () => {
  const list = task('list', () => ['tokyo', 'osaka', 'nagoya']);
  const load = task(
    'load',
    ({ log, params, mapIndex }, { shop }) => {
      log.info(\`reading \${shop} of \${params.day}\`);
      if (shop === 'nagoya' && !${mended}) throw new Error('nagoya sent no file');
      return \`\${shop} of \${params.day}\`;
    },
    { shop: expand(list.output) },
  );
  task('sum', (_context, { all }) => all.length, { all: load.output });
});

new DAG({ dagId: 'half' }, () => {
  const a = task('a', () => { throw new Error('the shop is closed'); });
  task('b', ({ log }) => log.info('went ahead'), { n: a.output });
});

new DAG({ dagId: 'chain' }, () => {
  const a = task('a', () => 1);
  const b = task('b', (_context, { n }) => n, { n: a.output });
  const c = task('c', (_context, { n }) => n, { n: b.output });
  task('d', (_context, { n }) => n, { n: c.output });
});
`;

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const dialog = () => page().getByRole('dialog');
const touched = () => dialog().getByRole('listitem').allTextContents();
/** Tries of a task of the newest run, by index. */
const triesOf = async (dagId: string, taskId: string): Promise<readonly number[]> => {
  const store = await flow.project.store();
  const { key } = await store.db
    .selectFrom('dagRun')
    .select('key')
    .where('dagId', '=', dagId)
    .orderBy('key', 'desc')
    .executeTakeFirstOrThrow();
  const rows = await store.db
    .selectFrom('taskInstance')
    .select(['tryNumber', 'mapPath'])
    .where('runKey', '=', key)
    .where('taskId', '=', taskId)
    .orderBy('mapPath')
    .execute();
  return rows.map(({ tryNumber }) => tryNumber);
};

beforeAll(async () => {
  flow = await BrowsedProject.start({ 'shops.ts': shops(false) });
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'shops', exact: true }).waitFor();
}, 90_000);
afterAll(() => flow?.[Symbol.asyncDispose]());

it('runs one index again, with other params, on the newest code, and leaves the others', async () => {
  await flow.project.json('dags', 'trigger', 'shops');
  const { runId } = await flow.runOf('shops', 'failed');
  await writeFile(join(flow.project.folder, 'dags', 'shops.ts'), shops(true));
  const store = await flow.project.store();
  await until('the mended file is a version', async () => {
    const versions = await store.db
      .selectFrom('dagVersion')
      .select('version')
      .where('dagId', '=', 'shops')
      .execute();
    return versions.length === 2;
  });
  // A square of the grid, a node of the graph and a link of a colleague name no index: all of them are listed, what failed first.
  await flow.open(`/dags/shops/runs/${encodeURIComponent(runId)}?task=load`);
  const panel = page().getByRole('region', { name: 'Task load' });
  const indexes = panel.getByRole('table', { name: 'Instances of load' }).locator('tbody tr');
  await indexes.first().waitFor();
  const listed = await indexes.evaluateAll((rows) => rows.map((row) => row.textContent));
  expect(listed.map((text) => /^load \[\d\][a-z]+/.exec(text ?? '')?.[0])).toEqual([
    'load [2]failed',
    'load [0]success',
    'load [1]success',
  ]);
  await panel.getByRole('button', { name: 'Clear…' }).click();
  await dialog().getByText('4 task instances will run again').waitFor();
  await page().keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await flow.chrome.look('task-mapped');
  await flow.chrome.lookNarrow('task-mapped');
  await panel.getByRole('link', { name: 'load [2]' }).click();
  await panel.getByText('nagoya sent no file').waitFor();
  expect(page().url()).toContain('map=');
  await panel.getByRole('button', { name: 'Clear…' }).click();
  await dialog().getByText('2 task instances will run again').waitFor();
  expect(await touched()).toEqual(['failedload [2]version 2', 'upstream failedsumversion 2']);
  await dialog().getByLabel('all indexes').check();
  await dialog().getByText('4 task instances will run again').waitFor();
  await dialog()
    .getByLabel(/as it ran: version 1/)
    .check();
  await expect.poll(async () => (await touched()).at(-1), PATIENT).toBe('upstream failedsumversion 1');
  await dialog().getByLabel('only index 2').check();
  await dialog()
    .getByLabel(/newest: version 2/)
    .check();
  await dialog().getByRole('button', { name: 'Change…' }).click();
  const params = dialog().getByLabel(/Params of the run/);
  await params.fill('{ "day": }');
  await dialog()
    .getByText(/line 1, column/)
    .waitFor();
  expect(
    await dialog()
      .getByRole('button', { name: /^Clear \d/ })
      .isDisabled(),
  ).toBe(true);
  await params.fill('{ "day": "tuesday" }');
  await dialog().getByText('2 task instances will run again').waitFor();
  await flow.chrome.look('clear-one-index');
  await flow.chrome.lookNarrow('clear-one-index');
  await dialog().getByRole('button', { name: 'Clear 2 tasks' }).click();
  await dialog().waitFor({ state: 'detached' });
  await flow.runOf('shops', 'success');
  expect(await triesOf('shops', 'load')).toEqual([1, 1, 2]);
});

it('shows of each try its log, its params and what it pushed', async () => {
  const { runId } = await flow.runOf('shops', 'success');
  await flow.open(`/dags/shops/runs/${encodeURIComponent(runId)}?task=load&map=2`);
  const panel = page().getByRole('region', { name: 'Task load' });
  const attempt = panel.getByLabel('Attempt', { exact: true });
  await panel.getByText('reading nagoya of tuesday').waitFor();
  await panel.getByRole('tab', { name: 'XCom' }).click();
  await panel.getByText('nagoya of tuesday').waitFor();
  await attempt.selectOption({ label: 'try 1 · failed' });
  await panel.getByText('This try has pushed no value.').waitFor();
  await panel.getByRole('tab', { name: 'Rendered' }).click();
  await panel.getByText('monday').waitFor();
  await attempt.selectOption({ label: 'try 2 · success' });
  await panel.getByText('tuesday').waitFor();
  await flow.chrome.look('task-rendered');
  await attempt.selectOption({ label: 'try 1 · failed' });
  await panel.getByRole('tab', { name: 'Log' }).click();
  await panel.getByText('reading nagoya of monday').waitFor();
  expect(page().url()).toContain('attempt=');
});

it('runs a stretch of a run again: from a task, up to a task', async () => {
  await flow.project.json('dags', 'trigger', 'chain');
  const { runId } = await flow.runOf('chain', 'success');
  await flow.open(`/dags/chain/runs/${encodeURIComponent(runId)}`);
  await page().getByRole('button', { name: 'Clear…' }).click();
  await dialog().getByText('Nothing would be touched.').waitFor();
  await dialog().getByLabel('only what failed').uncheck();
  await dialog().getByText('4 task instances will run again').waitFor();
  await dialog().getByRole('combobox', { name: 'from' }).fill('b');
  await dialog().getByText('3 task instances will run again').waitFor();
  await dialog().getByRole('combobox', { name: 'up to' }).fill('c');
  await dialog().getByText('2 task instances will run again').waitFor();
  expect(await touched()).toEqual(['successbversion 2', 'successcversion 2']);
  await flow.chrome.look('clear-stretch');
  await dialog().getByRole('button', { name: 'Clear 2 tasks' }).click();
  await dialog().waitFor({ state: 'detached' });
  await expect.poll(() => triesOf('chain', 'c'), PATIENT).toEqual([2]);
  await flow.runOf('chain', 'success');
  expect([await triesOf('chain', 'a'), await triesOf('chain', 'b'), await triesOf('chain', 'd')]).toEqual([
    [1],
    [2],
    [1],
  ]);
});

it('runs one task alone, whatever became of the one before it', async () => {
  await flow.project.json('dags', 'trigger', 'half');
  const { runId } = await flow.runOf('half', 'failed');
  await flow.open(`/dags/half/runs/${encodeURIComponent(runId)}?task=b`);
  const panel = page().getByRole('region', { name: 'Task b' });
  await panel.getByText('upstream failed').waitFor();
  await panel.getByRole('button', { name: 'Run alone…' }).click();
  await dialog().getByText('1 task instance will run').waitFor();
  expect(await touched()).toEqual(['upstream failedbversion 2']);
  await dialog()
    .getByText(/version 2 .*the newest/)
    .waitFor();
  await flow.chrome.look('run-alone');
  await flow.chrome.lookNarrow('run-alone');
  await dialog().getByRole('button', { name: 'Run alone', exact: true }).click();
  await dialog().waitFor({ state: 'detached' });
  await flow.runOf('half', 'success');
  await panel.getByText('went ahead').waitFor();
  expect([await triesOf('half', 'a'), await triesOf('half', 'b')]).toEqual([[1], [1]]);
});

it('runs one index alone, and says of all how many have ended', async () => {
  const { runId } = await flow.runOf('shops', 'success');
  await flow.open(`/dags/shops/runs/${encodeURIComponent(runId)}?task=load&map=1&view=graph`);
  await page().locator('.graph-node').filter({ hasText: 'load' }).getByText('3/3').waitFor();
  await flow.chrome.look('graph-mapped');
  const panel = page().getByRole('region', { name: 'Task load' });
  await panel.getByRole('button', { name: 'Run alone…' }).click();
  await dialog().getByText('1 task instance will run').waitFor();
  expect(await touched()).toEqual(['successload [1]version 2']);
  await dialog().getByLabel('all indexes').check();
  await dialog().getByText('3 task instances will run').waitFor();
  await dialog().getByLabel('only index 1').check();
  await dialog().getByText('1 task instance will run').waitFor();
  await dialog().getByRole('button', { name: 'Run alone', exact: true }).click();
  await dialog().waitFor({ state: 'detached' });
  await expect.poll(() => triesOf('shops', 'load'), PATIENT).toEqual([1, 2, 2]);
  expect(await triesOf('shops', 'sum')).toEqual([1]);
});

it('triggers a run up to the task that was chosen in the graph', async () => {
  await flow.open('/dags/chain?tab=graph&task=b');
  await page().getByRole('button', { name: 'Trigger up to b' }).click();
  const upTo = dialog().getByRole('combobox', { name: 'Only up to' });
  await expect.poll(() => upTo.inputValue(), PATIENT).toBe('b');
  await dialog().getByText('The run is about b and what is before it').waitFor();
  await upTo.fill('bb');
  await dialog().getByText('chain has no task or group of that name.').waitFor();
  await dialog().getByRole('button', { name: 'Trigger run' }).click();
  await upTo.fill('c');
  await dialog().getByText('The run is about c and what is before it').waitFor();
  await flow.chrome.look('trigger-up-to');
  await flow.chrome.lookNarrow('trigger-up-to');
  await dialog().getByRole('button', { name: 'Trigger run' }).click();
  await page().waitForURL(/\/dags\/chain\/runs\//);
  await page().getByText('of 3 tasks alone').waitFor();
  const { runId } = await flow.runOf('chain', 'success');
  expect(decodeURIComponent(page().url())).toContain(runId);
  await expect.poll(() => page().locator('.gantt-label').allTextContents(), PATIENT).toEqual(['a', 'b', 'c']);
});

it('goes back over the earlier runs too, and says which', async () => {
  await flow.project.json('dags', 'trigger', 'chain');
  const { runId } = await flow.runOf('chain', 'success');
  await flow.open(`/dags/chain/runs/${encodeURIComponent(runId)}?task=d`);
  const panel = page().getByRole('region', { name: 'Task d' });
  await panel.getByRole('button', { name: 'Clear…' }).click();
  await dialog().getByText('1 task instance will run again').waitFor();
  await dialog().getByLabel('and the earlier runs').check();
  await dialog().getByText('2 task instances will run again').waitFor();
  await dialog()
    .getByRole('heading', { name: /This run/ })
    .waitFor();
  await page().keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
});

it('has complained of nothing', () => {
  expect(flow.chrome.complaints).toEqual([]);
});
