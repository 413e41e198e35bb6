import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, parseConnection } from '@tsflow/core/connections';
import { ConnectionVault, KeyFile } from '@tsflow/core/store';
import { afterEach, describe, expect, it } from 'vitest';
import { freshRunOf, InstalledProject, until } from '../support/installed-project.ts';
import { createDatabase, DATABASES } from '../support/store.ts';
import { itemsOf, WebHarness } from '../support/web-harness.ts';

const CANARY = 'hunter2-canary';
const URI = `postgres://ann:${CANARY}@db:5432/sales?token=${CANARY}-too`;
const by = { actor: 'ann', at: 1 };
const folders: string[] = [];

function newHome(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-home-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const read = (id: string, uri = URI): Connection => parseConnection(id, uri, id);

describe.each(DATABASES)('connections on %s', (dialect) => {
  it('are sealed at rest, and come back whole', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    const vault = new ConnectionVault(store, new KeyFile(newHome()), {});
    await vault.set(read('warehouse'), by);
    const rows = JSON.stringify(await store.db.selectFrom('connection').selectAll().execute());
    expect(rows).not.toContain(CANARY);
    expect(await vault.get('warehouse')).toEqual(read('warehouse'));
    expect(JSON.stringify(await vault.list())).not.toContain(CANARY);
  });

  it('of the environment go before those of the store', async () => {
    await using database = await createDatabase(dialect);
    const vault = new ConnectionVault(await database.open(), new KeyFile(newHome()), {
      TSFLOW_CONN_WARE_HOUSE: 'http://elsewhere',
    });
    await vault.set(read('ware-house'), by);
    await vault.set(read('other'), by);
    expect((await vault.get('ware-house')).host).toBe('elsewhere');
    expect((await vault.list()).map(({ connectionId, source }) => [connectionId, source])).toEqual([
      ['other', 'store'],
      ['ware-house', 'environment'],
    ]);
  });

  it('cannot be read with another key, moved to another id, or changed', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    const vault = new ConnectionVault(store, new KeyFile(newHome()), {});
    await vault.set(read('a'), by);
    await vault.set(read('b'), by);
    const stranger = new ConnectionVault(store, new KeyFile(newHome()), {});
    await expect(stranger.get('a')).rejects.toThrow(/the key file of this home does not have/);
    const { secret } = await store.db
      .selectFrom('connection')
      .select('secret')
      .where('connectionId', '=', 'a')
      .executeTakeFirstOrThrow();
    await store.db.updateTable('connection').set({ secret }).where('connectionId', '=', 'b').execute();
    await expect(vault.get('b')).rejects.toThrow(/belongs to another place/);
  });

  it('are sealed anew with a new key', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    const keyFile = new KeyFile(newHome());
    const vault = new ConnectionVault(store, keyFile, {});
    await vault.set(read('a'), by);
    const before = keyFile.keys().current;
    expect(await vault.rotate()).toBe(1);
    const row = await store.db.selectFrom('connection').select('secret').executeTakeFirstOrThrow();
    expect(row.secret).not.toContain(before);
    expect(row.secret).toContain(keyFile.keys().current);
    expect(await vault.get('a')).toEqual(read('a'));
  });

  it('are written and never read over REST, by administrators alone', async () => {
    await using database = await createDatabase(dialect);
    const store = await database.open();
    await using web = await WebHarness.start(store);
    const admin = await web.as('Admin');
    const body = { type: 'http', host: 'h', password: CANARY, extra: { token: `${CANARY}-too` } };
    const put = await admin.put('/connections/api', body);
    expect(put.status, put.text).toBe(200);
    expect(put.body).toMatchObject({ hasPassword: true, extraKeys: ['token'] });
    await admin.put('/connections/api', { type: 'http', host: 'other', password: '***' });
    const listed = await admin.get('/connections');
    expect(listed.text + put.text).not.toContain(CANARY);
    expect(itemsOf(listed)).toMatchObject([{ connectionId: 'api', host: 'other', hasPassword: true }]);
    for (const role of ['Viewer', 'Operator', 'Editor'] as const) {
      const other = await web.as(role);
      expect((await other.get('/connections')).status).toBe(403);
      expect((await other.put('/connections/api', body)).status).toBe(403);
    }
    expect((await admin.delete('/connections/api')).status).toBe(204);
    const events = JSON.stringify(await store.db.selectFrom('event').selectAll().execute());
    expect(events).toContain('connection_changed');
    expect(events + web.logged.join()).not.toContain(CANARY);
  });
});

describe('the key file', () => {
  it('is for its owner alone, also when somebody loosened it', () => {
    const keyFile = new KeyFile(newHome());
    const { current } = keyFile.keys();
    expect(statSync(keyFile.path).mode & 0o777).toBe(0o600);
    chmodSync(keyFile.path, 0o644);
    expect(keyFile.keys().current).toBe(current);
    expect(statSync(keyFile.path).mode & 0o777).toBe(0o600);
  });

  it('says what to do when it is broken', () => {
    const keyFile = new KeyFile(newHome());
    writeFileSync(keyFile.path, 'oops');
    expect(() => keyFile.keys()).toThrow(/is no key file. Restore it/);
  });
});

const DAG_FILE = `import { connection, DAG, task } from '@tsflow/core';
import { z } from 'zod';
const warehouse = connection('warehouse', z.object({ host: z.string(), password: z.string() }));
new DAG({ dagId: 'etl' }, () => {
  task('declared', async ({ connections, log }) => {
    const { host, password } = await connections.get(warehouse);
    log.info('the password is ' + password + ' of ' + host);
    return password.length;
  }, {}, { connections: [warehouse] });
  task('asked', async ({ connections, log }) => {
    const { password } = await connections.get('other');
    log.info('the password is ' + password);
  });
});`;

describe('a connection in a real installation', () => {
  it('reaches tasks, masked in their logs; what was not declared is written down', async () => {
    await using project = new InstalledProject({ 'etl.ts': DAG_FILE });
    await project.parse(1);
    const set = await project.run(['connections', 'set', 'warehouse', '-'], { input: URI });
    expect(set.code, set.stderr).toBe(0);
    project.startWith({ TSFLOW_CONN_OTHER: `http://u:${CANARY}@h` }, 'scheduler');
    const store = await project.store();
    await freshRunOf(store, 'etl');
    await until('the run has ended', async () => {
      const [run] = await store.db.selectFrom('dagRun').select('state').execute();
      return run?.state === 'success' || run?.state === 'failed';
    });
    const values = await store.db.selectFrom('xcom').select('value').execute();
    expect(values.map(({ value }) => value)).toEqual([String(CANARY.length)]);
    const log = await project.run(['tasks', 'logs', 'etl', 'latest', 'declared']);
    expect(log.stdout).toContain('the password is *** of db');
    const events = await store.db.selectFrom('event').select(['type', 'data', 'actor']).execute();
    const reads = events.filter(({ type }) => type === 'connection_read');
    expect(reads.map(({ data }) => data)).toEqual(['{"connectionId":"other"}']);
    expect(reads[0]!.actor).toMatch(/^task:etl\/asked\//);
    for (const file of await project.files())
      expect(readFileSync(file, 'latin1'), file).not.toContain(CANARY);
  }, 60_000);

  it('is exported and imported again', async () => {
    await using project = new InstalledProject();
    await project.run(['connections', 'set', 'warehouse', '-', '--description', 'sales'], { input: URI });
    const plain = await project.run(['connections', 'export']);
    expect(plain.stdout).not.toContain(CANARY);
    const whole = await project.run(['connections', 'export', '--with-secrets']);
    await project.run(['connections', 'delete', 'warehouse']);
    const imported = await project.run(['connections', 'import', '-'], { input: whole.stdout });
    expect(imported.code, imported.stderr).toBe(0);
    expect((await project.run(['connections', 'export', '--with-secrets'])).stdout).toBe(whole.stdout);
    expect((await project.run(['connections', 'get', 'warehouze'])).stderr).toContain(
      'Did you mean "warehouse"?',
    );
    expect((await project.run(['connections', 'list'])).stdout).toContain('warehouse');
  }, 60_000);
});
