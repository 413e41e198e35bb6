import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { chainFile } from '../support/dag-files.ts';

// What a newcomer meets: `tsflow standalone` without a DAG, the password it prints, a browser, then the first files.

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const dagFile = (name: string) => join(flow.project.folder, 'dags', name);

beforeAll(async () => {
  flow = await BrowsedProject.start({});
}, 90_000);
afterAll(() => flow?.[Symbol.asyncDispose]());

it('says where DAGs go and shows one, when there is none', async () => {
  await page().getByText(join(flow.project.folder, 'dags')).waitFor();
  await page().getByText("dagId: 'hello'").waitFor();
  await flow.chrome.look('first-visit');
});

it('shows a new file by itself', async () => {
  await writeFile(dagFile('chain.ts'), chainFile(['chain'], 5, { millis: 20 }));
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'chain', exact: true }).waitFor();
});

it('tells of a file that does not load, with its place, and leaves the others alone', async () => {
  await page().getByRole('link', { name: 'tsflow' }).first().click();
  await writeFile(
    dagFile('broken.ts'),
    `import { DAG } from '@tsflow/core';\nnew DAG({ dagId: 'broken', schedul: '@daily' }, () => {});\n`,
  );
  const written = performance.now();
  await page().getByText('broken.ts:2').waitFor();
  console.log(`first visit: import error shown after ${(performance.now() - written).toFixed(0)} ms`);
  await page()
    .getByRole('link', { name: /cannot be loaded/ })
    .click();
  await page()
    .getByText(/Did you mean "schedule"/)
    .waitFor();
  await page().locator('.code-line[data-marked]').waitFor();
  await flow.chrome.look('import-errors');
  await rm(dagFile('broken.ts'));
  await page().getByText('Every file loads').waitFor();
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'chain', exact: true }).waitFor();
});

it('loads nothing from outside and the console complains of nothing', async () => {
  const foreign: string[] = [];
  page().on('request', (request) => {
    if (new URL(request.url()).origin !== flow.url) foreign.push(request.url());
  });
  await flow.open('/dags/chain');
  await page().getByText('This DAG has not run yet').waitFor();
  expect(foreign).toEqual([]);
  expect(flow.chrome.complaints).toEqual([]);
});
