import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freshRunOf, InstalledProject, until } from '../support/installed-project.ts';
import { createDatabase, DATABASES } from '../support/store.ts';

/** A receiver of callbacks: what was posted to it, in order. */
async function receiver() {
  const received: { id: string; event: string; task: string | null }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push(JSON.parse(body));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const dagFile = (url: string) => `import { DAG, task } from '@tsflow/core';
const tell = async ({ callbackId, event, taskId }) => {
  await fetch('${url}', { method: 'POST', body: JSON.stringify({ id: callbackId, event, task: taskId }) });
};
new DAG({ dagId: 'etl', onFailure: tell }, () => {
  task('load', () => { throw new Error('no') }, {}, { onFailure: tell });
});`;

/** Places in the life of a callback at which the scheduler dies, and how often it passes them before. */
const DEATHS = ['after-commit:4', 'before-callbacks', 'before-commit:5'] as const;

describe.each(DATABASES)('a callback on %s', (dialect) => {
  it.each(DEATHS)(
    'is delivered once or twice under one id when the scheduler dies at %s',
    async (death) => {
      await using database = await createDatabase(dialect);
      await using listener = await receiver();
      await using project = new InstalledProject({ 'etl.ts': dagFile(listener.url) }, database.url);
      await project.parse(1);
      const store = await project.store();
      const doomed = project.startWith({ TSFLOW_FAILPOINT: death }, 'scheduler');
      await freshRunOf(store, 'etl');
      const callbacks = () => store.db.selectFrom('callback').selectAll().orderBy('key').execute();
      const isDelivered = async () => {
        const rows = await callbacks();
        return rows.length === 2 && rows.every(({ state }) => state === 'success');
      };
      await until(
        'the scheduler died or is done',
        async () => doomed.signalCode !== null || (await isDelivered()),
      );
      if (doomed.signalCode !== null) project.start('scheduler');
      await until('both callbacks are delivered', isDelivered, 60_000);
      const ids = (await callbacks()).map(({ key }) => String(key));
      expect(new Set(listener.received.map(({ id }) => id))).toEqual(new Set(ids));
      for (const id of ids) {
        const times = listener.received.filter((told) => told.id === id).length;
        expect(times, `deliveries of ${id}`).toBeGreaterThanOrEqual(1);
        expect(times, `deliveries of ${id}`).toBeLessThanOrEqual(2);
      }
      expect(listener.received.map(({ event, task }) => `${task}:${event}`)).toEqual(
        expect.arrayContaining(['load:onFailure', 'null:onFailure']),
      );
      const log = await project.run(['runs', 'callbacks', 'etl', 'latest', '--log']);
      expect(log.stdout).toContain('onFailure of etl.load in manual__');
    },
    90_000,
  );
});
