import type { Store } from '@tsflow/core/store';
import { expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { httpReceiver } from '../support/http-receiver.ts';
import { freshRunOf, InstalledProject, stop, until } from '../support/installed-project.ts';
import { runRow } from '../support/rows.ts';

const FILE = `import { DAG, expand, task } from '@tsflow/core';
import { existsSync } from 'node:fs';
new DAG({ dagId: 'etl', deadlines: [{ name: 'soon', within: '50ms' }] }, () => {
  task('load', async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    if (!existsSync(process.env.HOME + '/mended-by-the-test')) throw new Error('no table');
  }, { shop: expand(['tokyo']) });
});`;

it('tells of failures, deadlines, import errors and a dead scheduler without a line in any DAG', async () => {
  await using hook = await httpReceiver((_request, count) => ({ status: count === 1 ? 503 : 200 }));
  await using project = new InstalledProject({
    'etl.ts': FILE,
    'broken.ts': `import { DAG } from '@tsflow/core'; throw new Error('cannot load ' + DAG.name);`,
  });
  await project.parse(1);
  const env = {
    TSFLOW_ALERTS: JSON.stringify([
      { to: 'slack', channel: '#ops' },
      { to: 'slack', on: ['overdue'] },
    ]),
    TSFLOW_CONN_SLACK_DEFAULT: JSON.stringify({ type: 'slack', password: `${hook.url}/services/x` }),
    TSFLOW_HEARTBEAT: '200ms',
    TSFLOW_LEASE: '1s',
  };
  await slowRun(await project.store());
  project.start('dag-processor');
  const scheduler = project.startWith(env, 'scheduler');
  project.startWith(env, 'webserver', '--port', String(await freePort()));
  const store = await project.store();
  await freshRunOf(store, 'etl');
  const said = () => hook.received.slice(1).map(({ body }) => (JSON.parse(body) as { text: string }).text);
  const isSaid = (what: RegExp) =>
    until(`${what} is said`, () => said().some((text) => what.test(text)), 30_000);
  await isSaid(/^etl\.load \[0\] failed\nError: no table\nrun manual__.*\nhttp.*task=load&map=0/s);
  await isSaid(/^etl missed its deadline "soon"/);
  await isSaid(
    /^slow takes longer than usual: 1h 0\dm so far\nOf its newest 6 that succeeded half took 10m 00s, and 95 % at most 10m 00s\./,
  );
  await isSaid(/^broken\.ts does not load: .*cannot load/s);
  const allAreSent = () =>
    until('all are marked as sent', async () => {
      const rows = await store.db.selectFrom('alert').select('state').execute();
      return rows.every(({ state }) => state === 'sent');
    });
  // What it has sent and not marked would be sent again after its death.
  await allAreSent();
  await stop(scheduler, 'SIGKILL');
  await isSaid(/^No scheduler is running: /);
  const alerts = await store.db.selectFrom('alert').select(['kind', 'state']).execute();
  await allAreSent();
  expect(alerts.map(({ kind }) => kind).sort()).toEqual([
    'deadline_missed',
    'import_error',
    'overdue',
    'scheduler_down',
    'task_failure',
  ]);
  expect(said().length).toBe(new Set(said()).size);
}, 120_000);

/** A run that began an hour ago, in a DAG that nobody holds, after six that took ten minutes. */
async function slowRun(store: Store): Promise<void> {
  const began = Date.now() - 3_600_000;
  const facts = { dagId: 'slow', queuedAt: began, startDate: began };
  // Keys that the scheduler does not hand out.
  const keys = [1, 2, 3, 4, 5, 6].map((key) => 1_000_000 + key);
  for (const key of keys) {
    const ended = runRow(key, { ...facts, state: 'success', endDate: began + 600_000 });
    await store.db.insertInto('dagRun').values(ended).execute();
  }
  await store.db.insertInto('dagRun').values(runRow(2_000_000, facts)).execute();
}

it('is checked when it is read', async () => {
  await using project = new InstalledProject();
  const wrong = await project.run(['config', 'list'], { env: { TSFLOW_ALERTS: '[{"to":"pager"}]' } });
  expect(wrong.stderr).toContain('TSFLOW_ALERTS: expected a JSON list such as');
  const file = `export default { alerts: [{ to: 'email', mailTo: ['a@example.com'] }] };`;
  await project.write({ 'tsflow.config.ts': file });
  const right = await project.json<{ name: string; value: string }[]>('config', 'list');
  const { value } = right.find(({ name }) => name === 'alerts')!;
  expect(JSON.parse(value)).toEqual([{ to: 'email', mailTo: ['a@example.com'] }]);
}, 60_000);
