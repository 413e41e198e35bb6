import { cpSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSql } from '@tsflow/core';
import { parseConnection } from '@tsflow/core/connections';
import type { Store } from '@tsflow/core/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { freshRunOf, InstalledProject, until } from '../support/installed-project.ts';

/** The examples as they are installed: the files of `dags/`, real processes, and the services that the examples start by themselves. */

const DAGS = fileURLToPath(new URL('../../dags', import.meta.url));

/** Runs to trigger, and the states of tasks that tell that they did what they teach. */
const RUNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  disk_report: { measure: 'success' },
  typed_pipeline: { report: 'success' },
  flights: { publish: 'success' },
  shell_and_scripts: { done: 'success' },
  http_api: { tell: 'success' },
  mail_per_row: { 'remind.mail': 'success' },
  load_and_swap: { swap: 'success' },
  durable_job: { report: 'success' },
  all_or_incremental: { load_all: 'skipped', publish: 'success' },
  best_of_three: { tell: 'success' },
  only_when_new: { mail: 'success' },
  cluster_for_an_hour: { 'work.merge': 'success', drop: 'success' },
  after_other_dags: { report: 'success' },
  trigger_of_your_own: { changed: 'success' },
  write_orders_and_prices: { write_orders: 'success' },
  wait_for_orders: { arrived: 'success' },
  live_limits: { publish: 'success' },
  published_by_ten: { publish: 'success' },
  title_kingdom: { summary: 'success' },
};
/** They run because others do. */
const STARTED = ['load_table', 'report_of_orders'];

let project: InstalledProject;
let store: Store;

beforeAll(async () => {
  project = new InstalledProject();
  cpSync(DAGS, join(project.folder, 'dags'), {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const [api, mail] = [await freePort(), await freePort()];
  const folder = join(project.home, 'examples');
  await project.write({ '.tsflow/examples/README.md': 'What the examples publish.\n' });
  store = await project.store();
  project.startWith(
    {
      TSFLOW_CONN_EXAMPLES_DB: `sqlite:///${join(folder, 'examples.db')}`,
      TSFLOW_CONN_EXAMPLES_API: `http://127.0.0.1:${api}`,
      TSFLOW_CONN_EXAMPLES_MAIL: `smtp://127.0.0.1:${mail}?from=examples@example.com`,
      TSFLOW_CONN_EXAMPLES_HOOK: `http://127.0.0.1:${api}/hooks`,
      TSFLOW_CONN_EXAMPLES_SLACK: JSON.stringify({
        type: 'slack',
        password: `http://127.0.0.1:${api}/hooks`,
      }),
    },
    'standalone',
    '--port',
    String(await freePort()),
  );
  await until('all DAGs are known', async () => {
    const known = await knownDags();
    return [...Object.keys(RUNS), ...STARTED, 'seattle_weather', 'file_of_the_day'].every((id) =>
      known.includes(id),
    );
  });
}, 120_000);
afterAll(() => project?.[Symbol.asyncDispose]());

const knownDags = async (): Promise<readonly string[]> =>
  (await store.db.selectFrom('dag').select('dagId').where('isStale', '=', 0).execute()).map(
    ({ dagId }) => dagId,
  );

describe('the examples', () => {
  it('load without an error, and wait until somebody starts them', async () => {
    expect(await store.catalog.importErrors()).toEqual([]);
    const rows = await store.db.selectFrom('dag').select(['dagId', 'isPaused']).execute();
    expect(rows.filter(({ isPaused }) => !isPaused)).toEqual([]);
  });

  it('run to their end and leave what they say', { timeout: 200_000 }, async () => {
    for (const dagId of [...Object.keys(RUNS), ...STARTED]) await unpause(dagId);
    for (const dagId of Object.keys(RUNS)) await freshRunOf(store, dagId);
    const ended = async () =>
      store.db
        .selectFrom('dagRun')
        .select(['dagId', 'runId', 'state', 'key', 'reason'])
        .where('state', 'in', ['success', 'failed'])
        .where('runType', 'in', ['manual', 'asset_triggered'])
        .execute();
    let open: readonly string[] = [];
    const allEnded = async () => {
      const done = new Set((await ended()).map(({ dagId }) => dagId));
      open = [...Object.keys(RUNS), ...STARTED].filter((dagId) => !done.has(dagId));
      return open.length === 0;
    };
    await until('all of them have ended', allEnded, 180_000).catch((error) => {
      throw new Error(`${error.message} Still open: ${open.join(', ')}.`);
    });
    const runs = await ended();
    const problems = runs
      .filter(({ state }) => state === 'failed')
      .map(({ dagId, reason }) => `${dagId}: ${reason}`);
    expect(problems).toEqual([]);
    for (const [dagId, tasks] of Object.entries(RUNS)) {
      const { key } = runs.find((run) => run.dagId === dagId)!;
      const instances = await store.turns.taskInstances([key]);
      for (const [taskId, state] of Object.entries(tasks)) {
        const states = instances
          .filter((instance) => instance.taskId === taskId)
          .map((instance) => instance.state);
        expect(new Set(states), `${dagId}.${taskId}`).toEqual(new Set([state]));
      }
    }
    const outbox = readFileSync(join(project.home, 'examples/outbox.jsonl'), 'utf8');
    for (const said of ['ann@example.com', '120 EUR', 'eve@example.com', 'JPY'])
      expect(outbox).toContain(said);
    expect(outbox).not.toContain('bob@example.com');
    const uri = `sqlite:///${join(project.home, 'examples/examples.db')}`;
    const database = await openSql(parseConnection('examples_db', uri, 'test'));
    expect((await database.run('select count(*) as n from prices')).rows).toEqual([{ n: 560 }]);
    expect((await database.run('select title from summary')).rows).toEqual([{ title: 'kingdom' }]);
    await database.close();
  });

  it('come from a JSON file: a hundred of them, and one less leaves its history', {
    timeout: 120_000,
  }, async () => {
    const titles = Array.from({ length: 100 }, (_, i) => ({
      title: `t${i}`,
      zone: 'Asia/Tokyo',
      hour: i % 24,
    }));
    const file = join(project.folder, 'dags/fleet/titles.json');
    const count = async () => (await knownDags()).filter((dagId) => dagId.startsWith('title_')).length;
    await writeFile(file, JSON.stringify(titles));
    await until('there are a hundred', async () => (await count()) === 100);
    await unpause('title_t99');
    await freshRunOf(store, 'title_t99');
    const runs = () =>
      store.db.selectFrom('dagRun').select('state').where('dagId', '=', 'title_t99').execute();
    await until('one of them has run', async () => (await runs()).some(({ state }) => state === 'success'));
    await writeFile(file, JSON.stringify(titles.slice(0, 99)));
    await until('there are ninety-nine', async () => (await count()) === 99);
    expect(await knownDags()).not.toContain('title_t99');
    expect(await runs()).toMatchObject([{ state: 'success' }]);
  });
});

async function unpause(dagId: string): Promise<void> {
  await store.intents.submit({
    dagId,
    kind: 'pause',
    payload: JSON.stringify({ isPaused: false }),
    actor: 'ann',
    requestedAt: Date.now(),
    idempotencyKey: null,
  });
}
