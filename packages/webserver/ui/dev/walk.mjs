// Walks through the pages of fixture-server.mjs as a person would, and reports what breaks: page errors, axe findings, pictures of
// what opens. `node ui/dev/walk.mjs OUT [base-url]`. A development aid.
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

const [out = '/tmp/ui-shots', base = 'http://127.0.0.1:8090'] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
page.on(
  'console',
  (message) =>
    ['error', 'warning'].includes(message.type()) && console.log('console:', message.text().slice(0, 300)),
);
page.on('pageerror', (error) => console.log('error:', error.message.slice(0, 300)));
const axe = async (name) => {
  const { violations } = await new AxeBuilder({ page }).analyze();
  for (const { id, impact, nodes } of violations)
    console.log(
      'axe',
      name,
      impact,
      id,
      nodes.length,
      nodes
        .slice(0, 3)
        .map((node) => node.html.slice(0, 140))
        .join('\n      '),
    );
};
const step = async (name, work) => {
  try {
    page.setDefaultTimeout(6_000);
    await work();
    console.log('ok  ', name);
  } catch (error) {
    console.log('FAIL', name, error.message.split('\n').slice(0, 4).join(' | '));
  }
  await page.screenshot({ path: `${out}/walk-${name}.png` });
};
const settle = () => page.waitForTimeout(700);

for (const [name, path] of Object.entries({
  home: '/',
  dags: '/dags',
  dag: '/dags/sales_etl',
  graph: '/dags/sales_etl?tab=graph',
  details: '/dags/sales_etl?tab=details',
  code: '/dags/sales_etl?tab=code',
  runs: '/runs',
  backfills: '/backfills',
  variables: '/variables',
  errors: '/import-errors',
  login: '/login',
})) {
  await page.goto(base + path);
  await page.waitForTimeout(1_200);
  await axe(name);
}
await page.emulateMedia({ colorScheme: 'dark' });
for (const [name, path] of Object.entries({
  'home-dark': '/',
  'dags-dark': '/dags',
  'variables-dark': '/variables',
})) {
  await page.goto(base + path);
  await page.waitForTimeout(1_200);
  await axe(name);
}
await page.emulateMedia({ colorScheme: 'light' });

await page.goto(`${base}/dags`);
await step('filter', async () => {
  await page.getByRole('searchbox').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('sea');
  await page.waitForURL(/search=sea/);
  await page.getByText('2 DAGs').waitFor({ timeout: 3_000 });
});
await step('chord', async () => {
  await page.keyboard.press('Escape');
  await page.locator('main').focus();
  await page.keyboard.press('g');
  await page.keyboard.press('v');
  await page.waitForURL(/variables/);
});
await step('search', async () => {
  await page.keyboard.press('Control+k');
  await page.keyboard.type('sales');
  await page.getByRole('option', { name: /^sales_etl DAG|^sales_etlDAG/ }).waitFor({ timeout: 3_000 });
  await axe('search');
  await page.keyboard.press('Enter');
  await page.waitForURL(/dags\/sales_etl/);
});
await step('grid-keys', async () => {
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  await page.screenshot({ path: `${out}/walk-grid-focus.png` });
  await page.keyboard.press('Enter');
  await page.waitForURL(/runs\/.*task=/);
  await page.getByRole('log').waitFor();
  await settle();
  await axe('run');
});
await step('zoom', async () => {
  await page.getByRole('treegrid').focus();
  await page.keyboard.press('+');
  await page.keyboard.press('+');
  await page.waitForURL(/zoom=/);
});
await step('log-search', async () => {
  await page.getByRole('log').focus();
  await page.keyboard.press('Control+f');
  await page.keyboard.type('station');
  await page
    .locator('.log-bar')
    .getByText(/1 of \d+/)
    .waitFor({ timeout: 3_000 });
});
await step('clear', async () => {
  await page.locator('.task-panel').getByRole('button', { name: /Clear/ }).click();
  await page.getByText(/will run again/).waitFor({ timeout: 3_000 });
  await axe('clear');
});
await step('clear-done', async () => {
  await page.getByRole('button', { name: /^Clear \d+ task/ }).click();
  await page.getByText(/cleared\./).waitFor({ timeout: 3_000 });
});
await step('panel-escape', async () => {
  await page.keyboard.press('Escape');
});
await page.goto(`${base}/dags/seattle_weather`);
await step('trigger', async () => {
  await page.getByRole('button', { name: 'Trigger', exact: true }).click();
  await page.getByRole('textbox', { name: 'year' }).fill('2020');
  await page.getByLabel('Conf (JSON)').waitFor();
  await page.getByRole('button', { name: 'Trigger run' }).click();
  await page.getByText('This must be 2015 or less.').waitFor({ timeout: 3_000 });
  await axe('trigger');
});
await step('trigger-json', async () => {
  await page.getByLabel('Conf (JSON)').fill('{\n  "a": x\n}');
  await page.getByText(/line 2, column 8/).waitFor({ timeout: 3_000 });
});
await step('trigger-done', async () => {
  await page.getByLabel('Conf (JSON)').fill('{"station": "SEA"}');
  await page.getByRole('button', { name: 'Trigger run' }).dblclick();
  await page.waitForURL(/runs\/manual/);
});
await step('live', async () => {
  await page.getByRole('row', { name: /success extract/ }).waitFor({ timeout: 12_000 });
});
await step('backfill', async () => {
  await page.goto(`${base}/backfills`);
  await page.getByRole('button', { name: 'New backfill' }).click();
  await page.locator('.side-panel select').first().selectOption('seattle_weather');
  await page.getByLabel('From').fill('2015-01-01');
  await page.getByLabel('To (included)').fill('2015-12-31');
  await page.getByText('to create').waitFor({ timeout: 3_000 });
  await settle();
  await axe('backfill');
});
await step('variable', async () => {
  await page.goto(`${base}/variables`);
  await page.getByRole('button', { name: 'Change parallelism' }).click();
  await page.getByLabel('Value of parallelism').fill('abc');
  await page.keyboard.press('Enter');
  await page.getByText(/must be an integer/).waitFor({ timeout: 3_000 });
  await axe('variable');
});
await step('settings', async () => {
  await page.getByRole('button', { name: 'Settings' }).click();
  await settle();
  await axe('settings');
});
await step('japanese', async () => {
  await page.getByRole('radio', { name: '日本語' }).check();
  await page.getByText('あなたの変数').waitFor({ timeout: 3_000 });
  await page.keyboard.press('Escape');
});
await step('reload-keeps', async () => {
  await page.reload();
  await page.getByText('あなたの変数').waitFor({ timeout: 3_000 });
});
await step('sheet', async () => {
  await page.locator('main').focus();
  await page.keyboard.type('?');
  await page.getByText('キーボード操作').waitFor({ timeout: 3_000 });
});
await browser.close();
