import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';

// By when something is due, and who was told of what: over all DAGs and of one run.

/** `hold` waits until this file is there. */
const GATE = join(tmpdir(), `tsflow-gate-${randomUUID()}`);

const promises = `import { existsSync } from 'node:fs';
import { DAG, task } from '@tsflow/core';

new DAG(
  {
    dagId: 'etl',
    deadlines: [
      { name: 'quick', within: '50ms' },
      { name: 'loaded', task: 'load', within: '3h' },
      { name: 'tonight', within: '3h' },
    ],
    onFailure: ({ log }) => { log.info('calling the pager'); throw new Error('the pager says 503'); },
    defaultArgs: { onSuccess: ({ log }) => log.info('told the desk') },
  },
  () => {
    const load = task('load', () => 1);
    task('hold', async () => {
      while (!existsSync(${JSON.stringify(GATE)})) await new Promise((go) => setTimeout(go, 20));
      throw new Error('no such table');
    }, { n: load.output });
  },
);
`;

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const table = (name: string) => page().getByRole('table', { name });

beforeAll(async () => {
  flow = await BrowsedProject.start({ 'promises.ts': promises });
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'etl', exact: true }).waitFor();
  await flow.project.json('dags', 'trigger', 'etl');
  await flow.task('etl', 'hold', 'running');
}, 90_000);
afterAll(async () => {
  await flow?.[Symbol.asyncDispose]();
  await rm(GATE, { force: true });
});

it('counts down to what is to come, and tells what was missed, over all DAGs', async () => {
  await page().getByRole('link', { name: 'Deadlines', exact: true }).click();
  const open = table('Of what is queued or runs');
  await open.getByRole('row', { name: /missed quick/ }).waitFor();
  const coming = open.getByRole('row', { name: /in 2h 59m tonight/ });
  await coming.waitFor();
  await table('Missed')
    .getByRole('row', { name: /quick.*etl/ })
    .waitFor();
  await flow.chrome.look('deadlines');
  await flow.chrome.lookNarrow('deadlines');
  await coming.getByRole('link', { name: /^etl/ }).click();
  await page().waitForURL(/\/dags\/etl\/runs\//);
  await page().getByRole('banner').first().waitFor();
  await page()
    .getByText(/in 2h 59m/)
    .waitFor();
});

it('says live what was done in time and what no longer can be, and how its callbacks ended', async () => {
  await writeFile(GATE, '');
  await flow.runOf('etl', 'failed');
  // The run failed: there is nothing any more that could be done by tonight.
  await page()
    .getByText(/in 2h 59m/)
    .waitFor({ state: 'detached' });
  await page().getByText('missed').first().waitFor();
  await page().getByRole('button', { name: 'Details' }).click();
  await page().getByText('missed').nth(1).waitFor();
  await page()
    .getByText(/with (2h 59m|3h.*) to spare/)
    .waitFor();
  const callbacks = table('Callbacks');
  await callbacks.getByRole('row', { name: /called onSuccess load try 1/ }).waitFor();
  await callbacks.getByRole('row', { name: /failed onFailure the run.*the pager says 503/ }).waitFor();
  await flow.chrome.look('run-promises');
  await flow.chrome.lookNarrow('run-promises');
});

it('reports how often each deadline was kept', async () => {
  await flow.open('/deadlines');
  await page().getByRole('link', { name: 'Report', exact: true }).click();
  const report = table('Report');
  await report.getByRole('row', { name: /etl quick.*0\.0 %.*0 met, 1 missed/ }).waitFor();
  await flow.chrome.look('deadline-report');
  await flow.chrome.lookNarrow('deadline-report');
  await page().getByLabel('Row for each').selectOption('in all');
  await page().waitForURL(/by=all/);
  await report.getByRole('row', { name: /etl quick –/ }).waitFor();
  await page().getByLabel('DAG id').fill('other');
  await page().getByText('No deadline was due in that time').waitFor();
});

it('lists callbacks over all DAGs by how they ended, with what they wrote', async () => {
  await flow.open('/deadlines?tab=callbacks');
  await page()
    .getByRole('row', { name: /called onSuccess/ })
    .waitFor();
  await page().getByLabel('State').selectOption('failed');
  await page().waitForURL(/state=failed/);
  await page()
    .getByRole('row', { name: /called onSuccess/ })
    .waitFor({ state: 'detached' });
  await page()
    .getByRole('row', { name: /failed onFailure/ })
    .getByRole('button', { name: 'Log' })
    .click();
  await page().getByRole('dialog').getByText('calling the pager').waitFor();
  await flow.chrome.look('callback-log');
  await page().keyboard.press('Escape');
});

it('shows alerts and whether they reached anybody', async () => {
  await flow.open('/deadlines?tab=alerts');
  await page().getByText('No alerts').waitFor();
  const store = await flow.project.store();
  const alert = {
    kind: 'task_failure',
    title: 'etl.hold [2] failed',
    text: 'Error: no such table',
    dagId: 'etl',
    runId: 'one',
    taskId: 'hold',
    mapPath: '2',
    url: null,
  };
  await store.db
    .insertInto('alert')
    .values({
      id: 'one',
      kind: alert.kind,
      facts: JSON.stringify({ ...alert, id: 'one', rule: { to: 'slack', channel: '#ops' } }),
      state: 'failed',
      tries: 5,
      nextAt: 1,
      createdAt: Date.now(),
      endDate: Date.now(),
      error: 'Slack says 503',
    })
    .execute();
  await page()
    .getByRole('row', { name: /failed etl\.hold \[2\] failed slack #ops.*Slack says 503/ })
    .waitFor();
  const link = await page().getByRole('link', { name: 'etl one' }).getAttribute('href');
  expect(decodeURIComponent(link!)).toContain('task=hold&map="2"');
  await flow.chrome.look('alerts');
  await flow.chrome.lookNarrow('alerts');
});

it('has complained of nothing', () => expect(flow.chrome.complaints).toEqual([]));
