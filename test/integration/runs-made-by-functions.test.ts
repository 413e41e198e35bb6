import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { freshRunOf, InstalledProject, stop, until } from '../support/installed-project.ts';

/** Dies twice by its own hand, once with the scheduler: after everything was made, and before anybody was told. */
const FILE = `import { Asset, DAG, task } from '@tsflow/core';
import { existsSync, writeFileSync } from 'node:fs';
const orders = new Asset('orders');
const child = new DAG({ dagId: 'child' }, () => { task('work', ({ conf }) => conf.size); });
export const reader = new DAG({ dagId: 'reader', schedule: [orders] }, () => { task('read', () => null); });
export default new DAG({ dagId: 'parent' }, () => {
  task('make', async ({ dagRuns, assets }) => {
    const { runId } = await dagRuns.trigger(child, { conf: { size: 3 } });
    const { eventId } = await assets.post(orders, { extra: { size: 3 } });
    const tries = ['first', 'second'].filter((name) => existsSync(process.env.MARKS + name)).length;
    writeFileSync(process.env.MARKS + ['first', 'second', 'third'][tries], '');
    if (tries === 0) process.kill(process.pid, 'SIGKILL');
    if (tries === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { runId, eventId };
  });
});
`;

it('what a function makes elsewhere is there once, whatever dies', async () => {
  await using project = new InstalledProject({ 'made.ts': FILE });
  await project.parse(3);
  const marks = `${project.folder}/`;
  const env = { MARKS: marks, TSFLOW_HEARTBEAT: '200ms', TSFLOW_LEASE: '1s' };
  const store = await project.store();
  const scheduler = project.startWith(env, 'scheduler');
  await freshRunOf(store, 'parent');
  await until('the second attempt has made everything', () => existsSync(`${marks}second`));
  const second = store.db.selectFrom('attempt').select('pid').where('infraNumber', '=', 1);
  await until('its process is known', async () => (await second.executeTakeFirst())?.pid != null);
  const { pid } = await second.executeTakeFirstOrThrow();
  await stop(scheduler, 'SIGKILL');
  process.kill(pid!, 'SIGKILL');
  project.startWith(env, 'scheduler');
  const runs = () => store.db.selectFrom('dagRun').select(['dagId', 'state', 'conf']).execute();
  await until('every run has succeeded', async () =>
    (await runs()).every(({ state }) => state === 'success'),
  );
  expect((await runs()).map(({ dagId, conf }) => [dagId, conf]).sort()).toEqual([
    ['child', '{"size":3}'],
    ['parent', '{}'],
    ['reader', '{}'],
  ]);
  const attempts = await store.db
    .selectFrom('attempt')
    .select(['tryNumber', 'infraNumber'])
    .where('taskId', '=', 'make')
    .orderBy('attemptId')
    .execute();
  expect(attempts.map(({ infraNumber }) => infraNumber)).toEqual([0, 1, 2]);
  const events = await store.db.selectFrom('assetEvent').select('eventId').execute();
  expect(events).toHaveLength(1);
}, 120_000);
