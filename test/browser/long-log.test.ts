import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { PATIENT, TestBrowser } from '../support/browser.ts';
import { AT, attemptRow, NO_ATTEMPT_CHANGES, parsedFile, runRow, taskRow } from '../support/rows.ts';
import { serializedDag } from '../support/serialized-dag.ts';
import { createDatabase, type TestDatabase } from '../support/store.ts';
import { PASSWORD, WebHarness } from '../support/web-harness.ts';

// A log of 200 MB as a browser meets it: opened, searched, jumped in, followed.

const MEGABYTES = 200;
const SEGMENT = '2026-01-15/runner-0.jsonl';
const NEEDLE_LINE = 700_001;

let database: TestDatabase;
let web: WebHarness;
let chrome: TestBrowser;
let lines: number;
let end: number;

beforeAll(async () => {
  database = await createDatabase('sqlite');
  const store = await database.open();
  const file = parsedFile('long.ts', serializedDag('long', { copy: {} }));
  await store.catalog.record({ at: AT, parsed: [file], failed: [], removed: [] });
  const { version } = file.dags[0]!;
  const run = { version, runId: 'one', state: 'running', queuedAt: AT, startDate: AT, endDate: null };
  await store.db
    .insertInto('dagRun')
    .values(runRow(1, { dagId: 'long', ...run }))
    .execute();
  const task = taskRow(10, 1, {
    dagId: 'long',
    taskId: 'copy',
    state: 'running',
    attemptId: 100,
    startDate: AT,
  });
  await store.db.insertInto('taskInstance').values(task).execute();
  web = await WebHarness.start(store, {
    uiDir: join(process.cwd(), 'packages/webserver/dist/ui'),
  });
  ({ lines, end } = await writeLog(join(web.logsDir, SEGMENT)));
  await store.db
    .insertInto('attempt')
    .values({
      ...attemptRow(100, task),
      ...NO_ATTEMPT_CHANGES,
      state: 'running',
      tryNumber: 1,
      startDate: AT,
      endDate: AT + 1,
      logSegment: SEGMENT,
      logStart: 0,
      logEnd: end,
    })
    .execute();
  await web.as('Viewer', 'reader');
  chrome = await TestBrowser.launch();
  await chrome.logIn(web.url, 'reader', PASSWORD);
}, 120_000);

afterAll(async () => {
  await chrome?.[Symbol.asyncDispose]();
  await web?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await web.store.db
    .updateTable('attempt')
    .set({ endDate: AT + 1, logEnd: end })
    .execute();
});

const log = '/dags/long/runs/one?task=copy&tab=log';

async function writeLog(path: string): Promise<{ lines: number; end: number }> {
  await mkdir(join(path, '..'), { recursive: true });
  const file = await open(path, 'w');
  let [number, size] = [0, 0];
  while (size < MEGABYTES * 1024 * 1024) {
    let text = '';
    for (const last = number + 5_000; number < last; ) {
      number += 1;
      text += line(number);
    }
    await file.write(text);
    size += Buffer.byteLength(text);
  }
  await file.close();
  return { lines: number, end: size };
}

function line(number: number): string {
  const level = number % 400_000 === 0 ? 'error' : number % 1_000 === 0 ? 'warn' : 'info';
  const needle = number === NEEDLE_LINE ? ' needle <script>' : '';
  const message = `row ${number} of the table orders was copied to the other side${needle}`;
  return `${JSON.stringify({ at: new Date(AT + number).toISOString(), level, source: 'task', message, attemptId: 100 })}\n`;
}

it('shows the first lines at once and few elements', async () => {
  await chrome.page.goto(web.url + log);
  await chrome.page.getByText('row 1 of the table').waitFor();
  const begin = performance.now();
  await chrome.page.goto(web.url + log);
  await chrome.page.getByText('row 1 of the table').waitFor();
  const took = performance.now() - begin;
  console.log(`long log: page with its first lines ${took.toFixed(0)} ms (${lines} lines)`);
  expect(took).toBeLessThan(3_000);
  expect(await chrome.page.locator('.log-line').count()).toBeLessThan(120);
  expect(await chrome.page.getByText(new Intl.NumberFormat('en').format(lines)).count()).toBe(1);
});

it('finds the one line in the middle, counts it and goes there', async () => {
  const begin = performance.now();
  await chrome.page.keyboard.press('Escape');
  await chrome.page.goto(web.url + log);
  await chrome.page.locator('.log-scroll').focus();
  await chrome.page.keyboard.press('Control+f');
  await chrome.page.keyboard.type('NEEDLE <script>');
  await chrome.page.getByText('1 of 1', { exact: true }).waitFor();
  await chrome.page.locator('.log-line[data-hit] mark').waitFor();
  console.log(`long log: searched, counted and shown ${(performance.now() - begin).toFixed(0)} ms`);
  expect(await chrome.page.locator('.log-line[data-hit] .log-text').textContent()).toContain(
    `row ${NEEDLE_LINE} `,
  );
  expect(chrome.page.url()).toContain('find=NEEDLE');
});

it('lands on the line that a link names, and links to what is clicked', async () => {
  await chrome.page.goto('about:blank');
  await chrome.page.goto(`${web.url}${log}#L123456`);
  await chrome.page.locator('.log-line[data-marked]').getByText('row 123456 of').waitFor();
  expect(await isInSight('row 123456 of')).toBe(true);
  await chrome.page.getByRole('button', { name: 'Link to line 123458' }).click();
  await chrome.page.waitForURL(/#L123458$/);
  await chrome.page.getByRole('button', { name: 'Link to line 123460' }).click({ modifiers: ['Shift'] });
  await chrome.page.waitForURL(/#L123458-L123460$/);
  expect(await chrome.page.locator('.log-line[data-marked]').count()).toBe(3);
  expect(await isInSight('row 123456 of')).toBe(true);
});

it('keeps only a level, jumps to the first error, scrolls to the end and back', async () => {
  await chrome.page.goto(`${web.url}${log}&level=warn`);
  await chrome.page.getByText('row 1000 of').waitFor();
  await chrome.page.getByRole('button', { name: 'First error' }).click();
  await chrome.page.getByText('row 400000 of').waitFor();
  expect(await isInSight('row 400000 of')).toBe(true);
  await chrome.page.goto(web.url + log);
  await chrome.page.getByRole('button', { name: 'To the end' }).click();
  await chrome.page.getByText(`row ${lines} of`).waitFor();
  await chrome.page.locator('.log-scroll').evaluate((element) => {
    element.scrollTop = 0;
  });
  await chrome.page.getByText('row 1 of the table').waitFor();
});

it('follows while it is written, stops for who scrolls up, goes on when asked', async () => {
  const path = join(web.logsDir, SEGMENT);
  await web.store.db.updateTable('attempt').set({ endDate: null, logEnd: null }).execute();
  await chrome.page.goto(web.url + log);
  await chrome.page.getByText(`row ${lines} of`).waitFor();
  let next = lines;
  const write = async (count: number) => {
    const file = await open(path, 'a');
    for (const last = next + count; next < last; ) {
      next += 1;
      await file.write(line(next));
    }
    await file.close();
  };
  await write(50);
  await chrome.page.getByText(`row ${next} of`).waitFor();
  const follow = chrome.page.getByRole('button', { name: 'Follow' });
  expect(await follow.getAttribute('aria-pressed')).toBe('true');
  await chrome.page.locator('.log-scroll').hover();
  await chrome.page.mouse.wheel(0, -3_000);
  await expect.poll(() => follow.getAttribute('aria-pressed'), PATIENT).toBe('false');
  await write(50);
  await expect
    .poll(() => chrome.page.getByText(new Intl.NumberFormat('en').format(next)).count(), PATIENT)
    .toBe(1);
  expect(await isInSight(`row ${next} of`)).toBe(false);
  await follow.click();
  await chrome.page.getByText(`row ${next} of`).waitFor();
  expect(await isInSight(`row ${next} of`)).toBe(true);
});

it('has complained of nothing', () => expect(chrome.complaints).toEqual([]));

async function isInSight(text: string): Promise<boolean> {
  const found = chrome.page.getByText(text);
  if ((await found.count()) === 0) return false;
  return found.first().evaluate((element) => {
    const box = element.getBoundingClientRect();
    const frame = element.closest('.log-scroll')!.getBoundingClientRect();
    return box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1;
  });
}
