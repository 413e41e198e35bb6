import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startEmbedded } from './embedded-postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Socket on which test files ask for databases. */
    postgresBroker: string;
  }
}

/**
 * Lends PostgreSQL databases to test files: one server for a run of vitest, started when the first file asks, and a database of its own
 * for each, copied from a migrated template. `TSFLOW_TEST_POSTGRES_URL` names a server to use instead of the embedded one.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tsflow-broker-'));
  const socketPath = path.join(folder, 'broker.sock');
  let starting: Promise<Server> | null = null;
  const broker = createServer((socket) => {
    starting ??= startServer();
    answer(socket, starting).catch(() => undefined);
  });
  await new Promise<void>((resolve) => broker.listen(socketPath, resolve));
  project.provide('postgresBroker', socketPath);
  return async () => {
    broker.close();
    await (await starting?.catch(() => null))?.stop();
    await rm(folder, { recursive: true, force: true });
  };
}

/** One line in: `empty` or `migrated`. One line out: the URL. The database goes when the socket closes. */
async function answer(socket: Socket, starting: Promise<Server>): Promise<void> {
  socket.on('error', () => undefined);
  for await (const kind of createInterface({ input: socket })) {
    try {
      const server = await starting;
      const { url, drop } = await server.createDatabase(kind as 'empty' | 'migrated');
      if (socket.destroyed) await drop();
      else socket.on('close', () => void drop().catch(() => undefined));
      socket.write(`${JSON.stringify({ url })}\n`);
    } catch (error) {
      socket.write(`${JSON.stringify({ error: String(error) })}\n`);
    }
  }
}

interface Server {
  createDatabase(kind: 'empty' | 'migrated'): Promise<{ url: string; drop(): Promise<void> }>;
  stop(): Promise<void>;
}

async function startServer(): Promise<Server> {
  const external = process.env.TSFLOW_TEST_POSTGRES_URL;
  const { url, stop } =
    external === undefined ? await startEmbedded() : { url: external, stop: async () => undefined };
  const admin = new pg.Pool({ connectionString: url, max: 1 });
  admin.on('error', () => undefined);
  let template: Promise<string> | null = null;
  const databaseUrl = (name: string) => {
    const of = new URL(url);
    of.pathname = `/${name}`;
    return of.href;
  };
  const create = async (from: string) => {
    const name = `tsflow_test_${randomBytes(6).toString('hex')}`;
    await admin.query(`create database ${name} template ${from}`);
    return name;
  };
  const drop = (name: string) => admin.query(`drop database if exists ${name} with (force)`);
  return {
    async createDatabase(kind) {
      if (kind === 'migrated')
        template ??= create('template0').then((name) => migrated(databaseUrl(name), name));
      const name = await create(kind === 'empty' ? 'template0' : await template!);
      return {
        url: databaseUrl(name),
        drop: async () => {
          await drop(name);
        },
      };
    },
    async stop() {
      if (template !== null) await drop(await template).catch(() => undefined);
      await admin.end();
      await stop();
    },
  };
}

async function migrated(url: string, name: string): Promise<string> {
  const { openStore } = await import('@tsflow/core/store');
  const store = await openStore(url, { poolSize: 1 });
  await store.migrate();
  await store.close();
  return name;
}
