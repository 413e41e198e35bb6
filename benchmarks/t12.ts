import { chainFile } from '../test/support/dag-files.ts';
import { freePort } from '../test/support/free-port.ts';
import { InstalledProject, until } from '../test/support/installed-project.ts';
import { percentile, report } from './support/report.ts';

// T12: from a built tree, `tsflow standalone` to healthy, and to the first successful run.

const healthy: number[] = [];
const first: number[] = [];
for (let round = 0; round < 5; round++) {
  await using project = new InstalledProject({ 'one.ts': chainFile(['one'], 1, { schedule: '@once' }) });
  const port = await freePort();
  const start = performance.now();
  project.start('standalone', '--port', String(port));
  await until('it is healthy', () => isHealthy(port));
  healthy.push(performance.now() - start);
  const store = await project.store();
  await until('the first run has succeeded', async () => {
    const rows = await store.db.selectFrom('dagRun').select('state').execute();
    return rows.some(({ state }) => state === 'success');
  });
  first.push(performance.now() - start);
}
report('t12', 'standalone from a built tree', [
  {
    name: 'to healthy (median)',
    value: percentile(healthy, 0.5) / 1_000,
    unit: 's',
    target: { value: 2, sense: 'at most' },
  },
  {
    name: 'to the first successful run (median)',
    value: percentile(first, 0.5) / 1_000,
    unit: 's',
    target: { value: 4, sense: 'at most' },
  },
]);

async function isHealthy(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok === true;
}
