import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { PATIENT } from '../support/browser.ts';

// What DAGs share, in the browser: assets on their way through the DAGs, pools and who is in them, connections without their secrets.

/** Tasks of `crunch` wait until this file is there. */
const GATE = join(tmpdir(), `tsflow-gate-${randomUUID()}`);

const shared = `import { existsSync } from 'node:fs';
import { Asset, AssetSensor, DAG, task } from '@tsflow/core';

const orders = new Asset('orders', { freshness: '1d', description: 'Every order of every shop' });
const prices = new Asset('prices', { freshness: '1s' });

new DAG({ dagId: 'load' }, () => {
  task('write', () => 1, {}, { outlets: [orders] });
});
new DAG({ dagId: 'report', schedule: [orders] }, () => {
  task('sum', () => 2, {}, { outlets: [new Asset('sums')] });
});
new DAG({ dagId: 'both', schedule: [orders, prices] }, () => {
  task('join', () => 3);
});
new DAG({ dagId: 'waits' }, () => {
  new AssetSensor({ taskId: 'wait', asset: prices });
});

new DAG({ dagId: 'crunch', maxActiveTasks: 32 }, () => {
  for (let i = 0; i < 4; i += 1)
    task(
      \`part_\${i}\`,
      async () => {
        while (!existsSync(${JSON.stringify(GATE)})) await new Promise((go) => setTimeout(go, 20));
      },
      {},
      { pool: 'warehouse', poolSlots: i === 0 ? 2 : 1, priorityWeight: 4 - i },
    );
});
`;

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const panel = () => page().getByRole('dialog');

beforeAll(async () => {
  flow = await BrowsedProject.start({ 'shared.ts': shared });
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'crunch', exact: true }).waitFor();
}, 90_000);
afterAll(async () => {
  await writeFile(GATE, '');
  await flow?.[Symbol.asyncDispose]();
  await rm(GATE);
});

it('draws assets between the DAGs that update them and those that they start', async () => {
  await flow.project.json('dags', 'trigger', 'load');
  await flow.runOf('report', 'success');
  await flow.open('/assets');
  const graph = page().getByRole('region', { name: /Assets between/ });
  await graph.getByRole('link', { name: 'orders' }).waitFor();
  expect((await graph.getByRole('link').allTextContents()).sort()).toEqual([
    'both',
    'load',
    'orders',
    'prices',
    'report',
    'sums',
    'waits',
  ]);
  expect(await graph.locator('div > svg > path').count()).toBe(6);
  expect(await graph.locator('path[data-waits]').count()).toBe(1);
  const row = page().getByRole('row', { name: /^orders/ });
  expect(await row.innerText()).toMatch(/fresh\s+next within 2[34]h[\s\S]*load[\s\S]*report/);
  await flow.chrome.look('assets');
  await flow.chrome.lookNarrow('assets');
});

it('posts an event, says what became of it, and shows the runs that events made', async () => {
  await flow.open('/assets');
  await page()
    .getByRole('row', { name: /^orders/ })
    .getByRole('link', { name: 'orders' })
    .click();
  await page().waitForURL(/asset=orders/);
  await panel().getByText('started a run of report').waitFor();
  await panel().getByText('waits in both for the rest of its condition').waitFor();
  await panel().getByText('Post an event').click();
  await panel().getByLabel('Partition').fill('2026-01-31');
  await panel()
    .getByLabel(/What is to be known/)
    .fill('{ "rows": 61 }');
  await panel().getByRole('button', { name: 'Post', exact: true }).dblclick();
  await panel().getByText('report: started a run').waitFor();
  await panel().getByText('both: counts, and waits for the rest of the condition').waitFor();
  await expect.poll(() => panel().getByText('posted by admin').count(), PATIENT).toBe(1);
  await panel().getByText('{"rows":61}').waitFor();
  await flow.chrome.look('asset');
  await flow.chrome.lookNarrow('asset');
  await panel().getByRole('link', { name: 'load.write' }).click();
  await page().waitForURL(/\/dags\/load\/runs\/.*task=write/);
});

it('says that an asset is overdue, while one looks at it', async () => {
  await flow.project.json('assets', 'post', 'prices');
  await flow.open('/assets?filter=prices');
  const row = page().getByRole('row', { name: /^prices/ });
  await row.getByText('overdue').waitFor();
  await page().getByText('1 asset is overdue').waitFor();
  await page().getByLabel('Freshness', { exact: true }).selectOption('overdue');
  await page().waitForURL(/status=stale/);
  await flow.chrome.look('assets-overdue');
});

it('makes a pool, shows who is in it and who waits, and lets it drain and fill live', async () => {
  await flow.open('/pools');
  await page().getByText('No pools of your own').waitFor();
  await page().getByRole('button', { name: 'New pool' }).click();
  await panel().getByLabel('Name').fill('warehouse');
  await panel().getByLabel('Slots', { exact: true }).fill('3');
  await panel().getByLabel('Description').fill('Connections to the warehouse');
  await panel().getByRole('button', { name: 'Save' }).click();
  const line = page().getByRole('listitem').filter({ hasText: 'warehouse' });
  await line.getByText('0 of 3 in use').waitFor();
  await flow.project.json('dags', 'trigger', 'crunch');
  await line.getByText('3 of 3 in use').waitFor();
  await line.getByText('2 slots waited for').waitFor();
  await line.getByRole('button', { name: 'warehouse', exact: true }).click();
  await page().waitForURL(/pool=warehouse/);
  const rows = line.getByRole('row');
  await expect.poll(() => rows.filter({ hasText: 'running' }).count(), PATIENT).toBe(2);
  expect(
    (await rows.filter({ hasText: 'scheduled' }).allInnerTexts()).map((text) => /part_\d/.exec(text)![0]),
  ).toEqual(['part_2', 'part_3']);
  await flow.chrome.look('pools');
  await flow.chrome.lookNarrow('pools');
  await line.getByRole('button', { name: 'Change warehouse' }).click();
  await panel().getByLabel('Slots', { exact: true }).fill('1');
  await panel()
    .getByText(/3 are in use: what runs goes on/)
    .waitFor();
  await panel().getByRole('button', { name: 'Save' }).click();
  await line.getByText('3 of 1 in use').waitFor();
  await line.getByRole('button', { name: 'Change warehouse' }).click();
  await panel().getByLabel('No limit').check();
  await panel().getByRole('button', { name: 'Save' }).click();
  await line.getByText('5 in use, no limit').waitFor();
  await rows.first().getByRole('columnheader').first().waitFor();
  await line.getByRole('link', { name: 'part_0' }).click();
  await page().waitForURL(/\/dags\/crunch\/runs\/.*task=part_0/);
  await writeFile(GATE, '');
  await flow.runOf('crunch', 'success');
  await flow.open('/pools');
  await line.getByRole('button', { name: 'Delete warehouse' }).click();
  await panel().getByRole('button', { name: 'Delete pool' }).click();
  await line.waitFor({ state: 'detached' });
});

it('lets a pool follow a Variable or a plan, and says what comes next', async () => {
  await flow.open('/pools');
  await page().getByRole('button', { name: 'New pool' }).click();
  await panel().getByLabel('Name').fill('crm');
  await panel().getByLabel('a Variable').check();
  await panel().getByLabel('Variable', { exact: true }).fill('crm_slots');
  await panel().getByLabel('Without it').fill('2');
  await flow.chrome.look('pool-variable');
  await panel().getByRole('button', { name: 'Save' }).click();
  const line = page().getByRole('listitem').filter({ hasText: 'crm' });
  await line.getByText('0 of 2 in use').waitFor();
  await line.getByText('from Variable crm_slots').waitFor();
  await flow.project.run(['variables', 'set', 'crm_slots', '7']);
  await line.getByText('0 of 7 in use').waitFor();
  await flow.project.run(['variables', 'set', 'crm_slots', '"many"']);
  await line.getByText(/expected a whole number from 0, got "many"/).waitFor();
  await line.getByRole('button', { name: 'Change crm' }).click();
  await expect.poll(() => panel().getByLabel('Variable', { exact: true }).inputValue()).toBe('crm_slots');
  await panel().getByLabel('a daily plan').check();
  const plan = panel().getByLabel('Daily plan (JSON)');
  await plan.fill('{ "default": 4, "windows": [{ "cron": "0 * * * *", "for": "30m", "value": 20 }] }');
  await flow.chrome.look('pool-plan');
  await flow.chrome.lookNarrow('pool-plan');
  await panel().getByRole('button', { name: 'Save' }).click();
  await line.getByText('from a daily plan').waitFor();
  await line.getByText(/0 of (4|20) in use/).waitFor();
  await line.getByText(/(4|20) slots in \d+/).waitFor();
  await flow.chrome.look('pools-live');
  await flow.chrome.lookNarrow('pools-live');
});

it('sets, changes and deletes a connection, and never shows its secrets', async () => {
  const answers: string[] = [];
  page().on('response', async (response) => {
    if (response.url().includes('/connections')) answers.push(await response.text().catch(() => ''));
  });
  await flow.open('/connections');
  await page().getByText('No connections').waitFor();
  await page().getByRole('button', { name: 'New connection' }).click();
  await panel().getByLabel('Id').fill('warehouse');
  await panel().getByLabel('Type').fill('postgres');
  await panel().getByLabel('Host').fill('db.example.com');
  await panel().getByLabel('Port').fill('5432');
  await panel().getByLabel('Login').fill('loader');
  await panel().getByLabel('Password').fill('hunter2-of-the-test');
  await panel().getByLabel('Extra').fill('{ "token": "abc-of-the-test" }');
  await panel().getByRole('button', { name: 'Save' }).click();
  const row = page().getByRole('row', { name: /^warehouse/ });
  await row.getByText('loader@db.example.com:5432').waitFor();
  await row.getByText('password, token').waitFor();
  await row.getByRole('button', { name: 'Change warehouse' }).click();
  await panel().getByText('as it was: token').waitFor();
  await flow.chrome.look('connection');
  await flow.chrome.lookNarrow('connection');
  await panel().getByLabel('Host').fill('db2.example.com');
  await panel().getByRole('button', { name: 'Save' }).click();
  await row.getByText('loader@db2.example.com:5432').waitFor();
  const kept = await flow.project.run(['connections', 'export', '--with-secrets']);
  expect(JSON.parse(kept.stdout)).toMatchObject({
    warehouse: {
      host: 'db2.example.com',
      password: 'hunter2-of-the-test',
      extra: { token: 'abc-of-the-test' },
    },
  });
  expect(answers.join('\n')).not.toContain('of-the-test');
  await row.getByRole('button', { name: 'Delete warehouse' }).click();
  await panel().getByRole('button', { name: 'Delete connection' }).click();
  await page().getByText('No connections').waitFor();
});

it('has complained of nothing', () => expect(flow.chrome.complaints).toEqual([]));
