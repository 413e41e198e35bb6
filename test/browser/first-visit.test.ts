import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium } from '../../scripts/chromium.mjs';
import { chainFile } from '../support/dag-files.ts';
import { freePort, InstalledProject, until } from '../support/installed-project.ts';

// The real thing as a newcomer meets it: `tsflow standalone`, the password it prints, a browser.

const SHOTS = join('coverage', 'screenshots');
const failing = `import { DAG, task } from '@tsflow/core';
new DAG({ dagId: 'failing' }, () => {
  task('fine', () => 'fine');
  task('broken', ({ log }) => { log.error('about to fail'); throw new Error('no such table: orders'); }, {}, { retries: 1, retryDelay: 0 });
});
`;

let project: InstalledProject;
let browser: Browser;
let page: Page;
let url: string;
const complaints: string[] = [];

beforeAll(async () => {
  const broken = `import { DAG } from '@tsflow/core';\nnew DAG({ dagId: 'broken', schedul: '@daily' }, () => {});\n`;
  const files = {
    'chain.ts': chainFile(['chain'], 5, { millis: 20 }),
    'failing.ts': failing,
    'broken.ts': broken,
  };
  project = new InstalledProject(files);
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const output = project.startLogged('standalone', '--port', String(port));
  const password = await until_('the password is printed', async () => {
    const text = await readFile(output, 'utf8').catch(() => '');
    return /with the password (\S+) \(/.exec(stripVTControlCharacters(text))?.[1];
  });
  await mkdir(SHOTS, { recursive: true });
  browser = await chromium.launch({ executablePath: findChromium()!, args: FLAGS });
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  await page.getByLabel(/name/i).fill('admin');
  await page.getByLabel(/password/i).fill(password);
  await page.getByRole('button', { name: /sign in/i }).click();
  await page.getByRole('link', { name: 'DAGs', exact: true }).waitFor();
  complaints.length = 0;
}, 90_000);

afterAll(async () => {
  await browser?.close();
  await project?.[Symbol.asyncDispose]();
});

/** Waits until the page has what it shows, pictures it in light and dark, and asks axe. */
async function look(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(SHOTS, `${name}-${colorScheme}.png`) });
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
    expect(violations.map(({ id, nodes }) => `${name} ${colorScheme}: ${id} (${nodes[0]?.html})`)).toEqual(
      [],
    );
  }
}

it('shows a DAG run live, from the trigger to its green squares, without a reload', async () => {
  await page.goto(`${url}/dags/chain`);
  await page
    .getByRole('button', { name: /trigger/i })
    .first()
    .click();
  await page
    .getByRole('button', { name: /^trigger/i })
    .last()
    .click();
  const store = await project.store();
  await until('the run has succeeded', async () => {
    const runs = await store.db.selectFrom('dagRun').select('state').where('dagId', '=', 'chain').execute();
    return runs.some(({ state }) => state === 'success');
  });
  await page.goto(`${url}/dags/chain`);
  await page.getByText('t4').first().waitFor();
  await look('dag');
});

it('shows the failure, its tries and its log', async () => {
  await project.json('dags', 'trigger', 'failing');
  const store = await project.store();
  const run = await until_('the run has failed', async () => {
    const [row] = await store.db.selectFrom('dagRun').selectAll().where('dagId', '=', 'failing').execute();
    return row?.state === 'failed' ? row : undefined;
  });
  await page.goto(`${url}/dags/failing/runs/${encodeURIComponent(run.runId)}`);
  await page.getByText('broken').first().click();
  await page.getByText('no such table: orders').first().waitFor();
  await look('run-failed');
});

it('shows the import error with its file and line', async () => {
  await page.goto(`${url}/import-errors`);
  await page.getByText('broken.ts').first().waitFor();
  expect(await page.getByText(/schedul/).count()).toBeGreaterThan(0);
  await look('import-errors');
});

it.each(['', 'dags', 'runs', 'backfills', 'variables'])('opens /%s without a complaint', async (path) => {
  await page.goto(`${url}/${path}`);
  await page.getByRole('link', { name: 'DAGs', exact: true }).waitFor();
  await page.waitForLoadState('load');
  await look(path === '' ? 'home' : path);
});

it('loads nothing from outside and makes the console no complaint', async () => {
  const foreign: string[] = [];
  page.on('request', (request) => new URL(request.url()).origin !== url && foreign.push(request.url()));
  await page.goto(`${url}/dags/chain`);
  await page.getByText('t4').first().waitFor();
  expect(foreign).toEqual([]);
  expect(complaints).toEqual([]);
});

async function until_<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let answer: T | undefined;
  await until(what, async () => {
    answer = await ask();
    return answer !== undefined;
  });
  return answer!;
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
