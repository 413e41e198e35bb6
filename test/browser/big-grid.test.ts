import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PATIENT, TestBrowser } from '../support/browser.ts';
import { AT, parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag, type TaskSpec } from '../support/serialized-dag.ts';
import { createDatabase, type TestDatabase } from '../support/store.ts';
import { PASSWORD, WebHarness } from '../support/web-harness.ts';

// 5,000 tasks by 25 runs in a real browser: the size at which grids of others stop answering.

const TASKS = 5_000;
const RUNS = 25;
const GROUPS = 50;
const HOUR = 3_600_000;
const STATES = ['success', 'success', 'success', 'success', 'failed', 'skipped', 'upstream_failed'] as const;

let database: TestDatabase;
let web: WebHarness;
let chrome: TestBrowser;

beforeAll(async () => {
  database = await createDatabase('sqlite');
  const store = await database.open();
  const specs: Record<string, TaskSpec> = {};
  for (let i = 0; i < TASKS; i += 1)
    specs[`g${i % GROUPS}.task_${i}`] = { groupId: `g${i % GROUPS}`, upstream: [] };
  const groups = Array.from({ length: GROUPS }, (_, i) => ({
    groupId: `g${i}`,
    parentId: null,
    label: `g${i}`,
    doc: null,
  }));
  const file = parsedFile('big.ts', serializedDag('big', specs, { groups }));
  await store.catalog.record({ at: AT, parsed: [file], failed: [], removed: [] });
  const { version } = file.dags[0]!;
  const taskIds = Object.keys(specs);
  for (let r = 0; r < RUNS; r += 1) {
    const at = AT + r * HOUR;
    await store.db
      .insertInto('dagRun')
      .values(
        runRow(r + 1, {
          dagId: 'big',
          version,
          runId: `run-${r}`,
          slot: at,
          state: r % 5 === 4 ? 'failed' : 'success',
          logicalDate: at,
          queuedAt: at,
          startDate: at,
          endDate: at + 60_000 + r * 1_000,
        }),
      )
      .execute();
    for (let i = 0; i < TASKS; i += 250) {
      const rows = taskIds.slice(i, i + 250).map((taskId, j) =>
        taskRow(1 + r * TASKS + i + j, r + 1, {
          dagId: 'big',
          taskId,
          state: STATES[(r * 7 + i + j * 3) % STATES.length]!,
          startDate: at + i,
          endDate: at + i + 1_234 + j,
        }),
      );
      await store.db.insertInto('taskInstance').values(rows).execute();
    }
  }
  web = await WebHarness.start(store, { uiDir: join(process.cwd(), 'packages/webserver/dist/ui') });
  await web.as('Viewer', 'reader');
  chrome = await TestBrowser.launch();
  await chrome.logIn(web.url, 'reader', PASSWORD);
}, 120_000);

afterAll(async () => {
  await chrome?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const cells = () => chrome.page.locator('.grid-cell');

it('answers the whole grid in a tenth of what objects would take', async () => {
  const reader = await web.logIn('reader');
  const begin = performance.now();
  const { text } = await reader.get(`/dags/big/grid?limit=${RUNS}`);
  console.log(
    `big grid: ${(text.length / 1e6).toFixed(2)} MB in ${(performance.now() - begin).toFixed(0)} ms`,
  );
  expect(text.length).toBeLessThan(1_500_000);
});

it('is drawn within the budget, with few elements', async () => {
  const begin = performance.now();
  await chrome.page.goto(`${web.url}/dags/big`);
  await cells().first().waitFor();
  const took = performance.now() - begin;
  const nodes = await chrome.page.evaluate<number>('document.querySelectorAll("*").length');
  console.log(`big grid: first squares after ${took.toFixed(0)} ms, ${nodes} elements`);
  expect(nodes).toBeLessThan(5_000);
  expect(took).toBeLessThan(4_000);
  expect(await chrome.page.getByRole('grid').getAttribute('aria-rowcount')).toBe(String(TASKS + GROUPS + 1));
});

it('asks nobody while the pointer moves over it', async () => {
  const asked: string[] = [];
  const onRequest = (request: { url(): string }) => asked.push(request.url());
  chrome.page.on('request', onRequest);
  const box = (await chrome.page.locator('.grid-body').boundingBox())!;
  const begin = performance.now();
  for (let i = 0; i < 60; i += 1)
    await chrome.page.mouse.move(box.x + 320 + (i % 20) * 26, box.y + 100 + i * 6);
  console.log(`big grid: ${((performance.now() - begin) / 60).toFixed(1)} ms a move of the pointer`);
  chrome.page.off('request', onRequest);
  expect(asked.filter((url) => !url.endsWith('/info'))).toEqual([]);
});

it('scrolls to the end and back with its head and its names in line', async () => {
  const grid = chrome.page.getByRole('grid');
  const frames = await grid.evaluate(async (element) => {
    const times: number[] = [];
    let last = performance.now();
    for (let i = 0; i < 60; i += 1) {
      element.scrollTop += 400;
      await new Promise((resolve) => setTimeout(resolve, 0));
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    element.scrollTop = element.scrollHeight;
    return times.sort((a, b) => a - b);
  });
  console.log(
    `big grid: p95 of a step while scrolling ${frames[Math.floor(frames.length * 0.95)]!.toFixed(0)} ms`,
  );
  await chrome.page.getByText('task_4999', { exact: true }).waitFor();
  const [head, square] = await Promise.all([
    chrome.page.locator('.grid-run').last().boundingBox(),
    chrome.page.locator('.grid-row').last().locator('.grid-cell').last().boundingBox(),
  ]);
  expect(square!.x).toBe(head!.x);
  expect(square!.width).toBe(head!.width);
  await grid.evaluate((element) => {
    element.scrollTop = 0;
  });
  await chrome.page.getByText('task_0', { exact: true }).waitFor();
});

it('folds every group, keeps that in the URL, and counts what is inside', async () => {
  await chrome.page.getByRole('button', { name: 'Fold groups', exact: true }).click();
  await chrome.page.waitForURL(/closed=/);
  await expect.poll(() => chrome.page.locator('.grid-row').count(), PATIENT).toBeLessThanOrEqual(GROUPS);
  const label = await chrome.page
    .locator('.grid-row')
    .first()
    .locator('.grid-cell')
    .last()
    .getAttribute('aria-label');
  const counted = [...label!.matchAll(/(\d+) /g)].reduce((sum, [, count]) => sum + Number(count), 0);
  expect(counted).toBe(TASKS / GROUPS);
  await chrome.page.reload();
  await cells().first().waitFor();
  expect(await chrome.page.locator('.grid-name[aria-expanded="true"]').count()).toBe(0);
  expect(chrome.complaints).toEqual([]);
});
