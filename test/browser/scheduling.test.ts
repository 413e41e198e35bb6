import { afterAll, beforeAll, expect, it } from 'vitest';
import { BrowsedProject } from '../support/browsed-project.ts';
import { PATIENT } from '../support/browser.ts';

// Schedules and the past in the browser: what comes next on which clock, passing over, running ahead, filling in, and going first.

const files = `import { DAG, group, task } from '@tsflow/core';
import { z } from 'zod';

new DAG(
  {
    dagId: 'daily',
    schedule: '0 3 * * *',
    timezone: 'Europe/Berlin',
    startDate: '2025-01-01',
    catchup: false,
    params: z.object({ shop: z.string().default('all') }),
  },
  () => {
    const load = task('load', async ({ conf }) => {
      // The range that is filled in must not be full before a person has paused it.
      if (conf.shop === 'berlin') await new Promise((go) => setTimeout(go, 500));
      return 1;
    });
    group('marts', () => {
      task('stock', (_context, { n }) => n, { n: load.output });
      task('visits', (_context, { n }) => n, { n: load.output });
    });
  },
);
new DAG({ dagId: 'by_hand', maxActiveTasks: 1 }, () => {
  task('slow', async () => { await new Promise((go) => setTimeout(go, 60_000)); });
  task('waits', () => 1);
});
`;

let flow: BrowsedProject;
const page = () => flow.chrome.page;
const dialog = () => page().getByRole('dialog');

beforeAll(async () => {
  flow = await BrowsedProject.start({ 'files.ts': files });
  await page().getByRole('link', { name: 'DAGs', exact: true }).click();
  await page().getByRole('link', { name: 'daily', exact: true }).waitFor();
}, 90_000);
afterAll(() => flow?.[Symbol.asyncDispose]());

const planned = () => page().getByRole('table', { name: 'The next 20 runs' }).getByRole('row');

it('lists the next twenty runs on the clock of their zone, as the command line does', async () => {
  await flow.open('/dags/daily?tab=schedule');
  await page().getByRole('columnheader', { name: 'Runs (Europe/Berlin)' }).waitFor();
  expect(await planned().count()).toBe(21);
  for (const text of (await planned().allInnerTexts()).slice(1))
    expect(text).toMatch(/\w+, \d{4}, 03:00:00|\d, \d{4}, 03:00:00/);
  await flow.chrome.look('schedule');
  await flow.chrome.lookNarrow('schedule');
});

it('passes over the runs before one, after saying which', async () => {
  const third = (await planned().nth(3).innerText()).split('\t')[0]!;
  await planned().nth(3).getByRole('button', { name: 'Skip to this' }).click();
  await dialog().getByText('These 2 dates get no run (Europe/Berlin):').waitFor();
  expect(await dialog().getByRole('listitem').count()).toBe(2);
  await flow.chrome.look('schedule-skip');
  await dialog().getByRole('button', { name: 'Skip 2 runs' }).click();
  await dialog().waitFor({ state: 'detached' });
  await expect.poll(async () => (await planned().nth(1).innerText()).split('\t')[0], PATIENT).toBe(third);
  await page().getByRole('button', { name: 'Skip…' }).click();
  await dialog().getByLabel('How many').fill('5');
  await dialog().getByText('These 5 dates get no run').waitFor();
  await page().keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
});

it('makes the next run now, once', async () => {
  const next = (await planned().nth(1).innerText()).split('\t')[0]!;
  await page().getByRole('button', { name: 'Run the next now' }).click();
  await dialog()
    .getByText(/made ahead of its time/)
    .waitFor();
  await dialog().getByRole('button', { name: 'Run the next now' }).click();
  await dialog().waitFor({ state: 'detached' });
  await flow.runOf('daily', 'success');
  await expect.poll(async () => (await planned().nth(1).innerText()).split('\t')[0], PATIENT).not.toBe(next);
});

it('says that no clock makes the runs of a DAG', async () => {
  await flow.open('/dags/by_hand?tab=schedule');
  await page().getByText('No run is planned').waitFor();
});

it('fills in some tasks over a range, with params, after reckoning it; then pauses, goes on and cancels', async () => {
  await flow.open('/dags/daily');
  await page().getByRole('button', { name: 'Backfill', exact: true }).click();
  await dialog().getByLabel('From').fill('2025-03-01');
  await dialog().getByLabel('To (included)').fill('2025-06-30');
  await dialog().getByText('to create').waitFor();
  await dialog().getByLabel('Only these tasks or groups').fill('marts');
  await dialog()
    .getByText(/reads what load returns, which is not among the chosen tasks/)
    .waitFor();
  await dialog().getByLabel('and what is before').check();
  await dialog().getByText('load, marts.stock, marts.visits').waitFor();
  await dialog().getByRole('button', { name: 'Leave marts out' }).click();
  await dialog().getByLabel('Only these tasks or groups').fill('load');
  await dialog().getByRole('button', { name: 'Change…' }).click();
  await dialog().getByLabel('Params of every run').fill('{ "shop": "berlin" }');
  await dialog().getByLabel('Active runs at most').fill('1');
  await dialog().getByRole('button', { name: 'Start 122 runs' }).waitFor();
  await flow.chrome.look('backfill-subset');
  await flow.chrome.lookNarrow('backfill-subset');
  await dialog().getByRole('button', { name: 'Start 122 runs' }).click();
  await dialog().waitFor({ state: 'detached' });
  await flow.open('/backfills');
  const row = page().getByRole('row', { name: /daily 2025-03-01 – 2025-06-30 load/ });
  await row.getByRole('button', { name: 'Pause' }).click();
  await row.getByText('paused').waitFor();
  await flow.chrome.look('backfills');
  await row.getByRole('button', { name: 'Go on' }).click();
  await row.getByText('running').waitFor();
  await row.getByRole('button', { name: 'Cancel backfill' }).click();
  await dialog().getByRole('button', { name: 'Cancel backfill' }).click();
  await row.getByText('cancelled').waitFor();
  const store = await flow.project.store();
  const run = await store.db
    .selectFrom('dagRun')
    .select(['conf', 'key'])
    .where('runType', '=', 'backfill')
    .orderBy('key')
    .executeTakeFirstOrThrow();
  expect(JSON.parse(run.conf)).toEqual({ shop: 'berlin' });
});

it('lets a task that waits for a slot go first', async () => {
  await flow.project.json('dags', 'trigger', 'by_hand');
  await flow.task('by_hand', 'slow', 'running');
  const { runId } = await flow.runOf('by_hand', 'running');
  await flow.open(`/dags/by_hand/runs/${encodeURIComponent(runId)}?task=waits`);
  const panel = page().getByRole('region', { name: 'Task waits' });
  await panel.getByRole('button', { name: 'More actions' }).click();
  await page().getByRole('menuitem', { name: 'Change priority…' }).click();
  await dialog().getByLabel('Weight').fill('99');
  await flow.chrome.look('priority');
  await dialog().getByRole('button', { name: 'Change priority' }).click();
  await dialog().waitFor({ state: 'detached' });
  const store = await flow.project.store();
  await expect
    .poll(
      async () =>
        (
          await store.db
            .selectFrom('taskInstance')
            .select('priorityWeight')
            .where('taskId', '=', 'waits')
            .executeTakeFirstOrThrow()
        ).priorityWeight,
      PATIENT,
    )
    .toBe(99);
});

it('has complained of nothing', () => {
  // Refused on purpose: tasks without what they read.
  const complaints = flow.chrome.complaints.filter((text) => !/status of 4\d\d/.test(text));
  expect(complaints).toEqual([]);
});
