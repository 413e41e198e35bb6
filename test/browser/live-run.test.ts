import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createUser } from '@tsflow/webserver';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PATIENT, TestBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { InstalledProject, stop, until } from '../support/installed-project.ts';

// A run as somebody watches it who never reloads: tasks that are let go one by one, a web server that goes away and comes back.

const gated = `import { existsSync } from 'node:fs';
import { DAG, task } from '@tsflow/core';
async function gate(name: string) {
  while (!existsSync(process.env.GATES + '/' + name)) await new Promise((go) => setTimeout(go, 20));
}
new DAG({ dagId: 'gated' }, () => {
  const a = task('first', async () => { await gate('first'); return 1; });
  const b = task('second', async (_context, { n }) => { await gate('second'); return n; }, { n: a.output });
  task('third', async (_context, { n }) => n, { n: b.output });
});
`;
const PASSWORD = 'correct horse battery';

let project: InstalledProject;
let chrome: TestBrowser;
let server: ChildProcess;
let port: number;
let url: string;

beforeAll(async () => {
  project = new InstalledProject({ 'gated.ts': gated });
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const store = await project.store();
  await createUser(store, { name: 'watcher', password: PASSWORD, role: 'Operator', now: Date.now() });
  project.startWith({ GATES: project.folder }, 'scheduler');
  project.start('dag-processor');
  server = project.start('webserver', '--port', String(port));
  chrome = await TestBrowser.launch();
  await until('the server answers', async () => (await fetch(`${url}/health`).catch(() => null)) !== null);
  await chrome.logIn(url, 'watcher', PASSWORD);
  await chrome.page.getByRole('link', { name: 'DAGs', exact: true }).click();
  await chrome.page.getByRole('link', { name: 'gated', exact: true }).click();
  await chrome.page.getByRole('button', { name: 'Trigger', exact: true }).click();
  await chrome.page.getByRole('button', { name: 'Trigger run' }).click();
  await chrome.page.waitForURL(/\/runs\//);
  await chrome.page.evaluate('window.untouched = true');
}, 90_000);
afterAll(async () => {
  // A test that failed early left tasks waiting, for which the scheduler would wait in turn.
  for (const gate of ['first', 'second']) await open(gate);
  await chrome?.[Symbol.asyncDispose]();
  await project?.[Symbol.asyncDispose]();
});

const open = (gate: string) => writeFile(join(project.folder, gate), '');
const row = (label: string) => chrome.page.getByRole('row').filter({ hasText: label });
const state = (label: string, word: string) => row(label).getByText(word, { exact: true }).first();

it('draws what runs, growing, and what has not begun', async () => {
  await state('first', 'running').waitFor();
  const bar = row('first').locator('.bar[data-kind="running"]');
  await bar.waitFor();
  const now = chrome.page.locator('.gantt-lines b');
  await now.waitFor();
  const before = await chrome.page.locator('.gantt-tick').allTextContents();
  await expect
    .poll(async () => (await chrome.page.locator('.gantt-tick').allTextContents()).join(), PATIENT)
    .not.toBe(before.join());
  expect((await chrome.page.content()).includes('NaN')).toBe(false);
  await state('third', 'not started').waitFor();
});

it('zooms by wheel and keys, and back', async () => {
  const ticks = chrome.page.locator('.gantt-ticks');
  await ticks.hover();
  await chrome.page.mouse.wheel(0, -400);
  await chrome.page.waitForURL(/zoom=/);
  await chrome.page.getByRole('treegrid').focus();
  await chrome.page.keyboard.press('0');
  await chrome.page.waitForURL((at) => !at.search.includes('zoom'));
  await chrome.page.keyboard.press('+');
  await chrome.page.waitForURL(/zoom=/);
  await chrome.page.keyboard.press('0');
  await chrome.page.waitForURL((at) => !at.search.includes('zoom'));
});

it('shows the plan in the graph before it has begun', async () => {
  await chrome.page.getByRole('button', { name: 'Graph' }).click();
  await chrome.page.locator('.graph-node[data-state="running"]').waitFor();
  expect(await chrome.page.locator('.graph-node[data-planned]').count()).toBe(2);
  await chrome.page.getByRole('button', { name: 'Gantt' }).click();
});

it('moves on by itself, and tells a screen reader once', async () => {
  await open('first');
  await state('first', 'success').waitFor();
  await state('second', 'running').waitFor();
  await chrome.page.getByText(/^Changed: .*1 success/).waitFor({ state: 'attached' });
});

it('says that it lost the server, and catches up with all that happened meanwhile', async () => {
  await stop(server);
  await chrome.page.getByText('reconnecting').waitFor();
  await open('second');
  const store = await project.store();
  await until('the run has succeeded', async () => {
    const run = await store.db.selectFrom('dagRun').select('state').executeTakeFirst();
    return run?.state === 'success';
  });
  server = project.start('webserver', '--port', String(port));
  await chrome.page.getByText('live', { exact: true }).waitFor();
  await state('second', 'success').waitFor();
  await state('third', 'success').waitFor();
  expect(await chrome.page.evaluate('window.untouched')).toBe(true);
  expect(chrome.complaints.filter((text) => !/ERR_|Failed to load resource/.test(text))).toEqual([]);
});
