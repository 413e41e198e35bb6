// Takes pictures of the pages served by fixture-server.mjs: `node ui/dev/screenshots.mjs OUT [base-url] [name-filter]`. A development aid.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [out = '/tmp/ui-shots', base = 'http://127.0.0.1:8090', only = ''] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const api = async (path) => (await fetch(`${base}/api/v1${path}`)).json();
const seattle = (await api('/runs?dagId=seattle_weather&limit=1')).items[0]?.runId;
const sales = (await api('/runs?dagId=sales_etl&limit=2')).items.at(-1)?.runId;
const failed = (await api('/runs?state=failed&limit=1')).items[0];
const run = (dag, id, search = '') => `/dags/${dag}/runs/${encodeURIComponent(id)}${search}`;
const pages = {
  home: '/',
  dags: '/dags',
  dag: '/dags/sales_etl',
  dag_graph: '/dags/sales_etl?tab=graph',
  dag_code: '/dags/sales_etl?tab=code',
  dag_details: '/dags/sales_etl?tab=details',
  dag_big: '/dags/big_5000',
  run: run('seattle_weather', seattle),
  run_log: run('seattle_weather', seattle, '?task=extract&tab=log'),
  run_sales: run('sales_etl', sales, '?task=marts.revenue'),
  run_attempts: run('seattle_weather', seattle, '?task=aggregates.temperature&tab=attempts'),
  run_why: run('seattle_weather', seattle, '?task=publish&tab=why'),
  run_graph: run('seattle_weather', seattle, '?view=graph'),
  run_failed: run(failed.dagId, failed.runId),
  runs: '/runs',
  backfills: '/backfills',
  variables: '/variables?history=parallelism',
  import_errors: '/import-errors',
  login: '/login',
};
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
for (const [variant, options] of Object.entries({
  light: { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 375, height: 740 }, colorScheme: 'light' },
  ja: { viewport: { width: 1440, height: 900 }, colorScheme: 'light', locale: 'ja-JP' },
})) {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Tokyo', ...options });
  for (const [name, path] of Object.entries(pages)) {
    const file = `${name}-${variant}`;
    if (only && !new RegExp(only).test(file)) continue;
    const page = await context.newPage();
    page.on(
      'console',
      (message) => message.type() === 'error' && console.log(file, 'console:', message.text().slice(0, 300)),
    );
    page.on('pageerror', (error) => console.log(file, 'error:', error.message.slice(0, 300)));
    await page.goto(base + path);
    await page.waitForLoadState('load');
    await page.waitForTimeout(name.includes('graph') || name.includes('big') ? 2_500 : 1_500);
    await page.screenshot({ path: `${out}/${file}.png` });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) console.log(file, 'overflows by', overflow);
    await page.close();
  }
  await context.close();
}
await browser.close();
