import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openStore, type Store } from '@tsflow/core/store';
import { lendPostgres } from './postgres.ts';

export const DATABASES = ['sqlite', 'postgres'] as const;

/** A migrated metadata database of its own, which any number of stores may open. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  /** Opens another store on it, as another process would; closed with the database at the latest. */
  open(): Promise<Store>;
}

export async function createDatabase(
  dialect: (typeof DATABASES)[number],
  kind: 'migrated' | 'empty' = 'migrated',
): Promise<TestDatabase> {
  const { url, drop } = dialect === 'sqlite' ? await sqliteFile() : await postgresDatabase(kind);
  const stores: Store[] = [];
  const open = async () => {
    const store = await openStore(url, { poolSize: 4 });
    stores.push(store);
    return store;
  };
  if (dialect === 'sqlite' && kind === 'migrated') await (await open()).migrate();
  return {
    url,
    open,
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close();
      await drop();
    },
  };
}

async function sqliteFile(): Promise<{ url: string; drop(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tsflow-store-'));
  return {
    url: `sqlite:${path.join(folder, 'tsflow.db')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function postgresDatabase(kind: 'migrated' | 'empty'): Promise<{ url: string; drop(): Promise<void> }> {
  const lent = await lendPostgres(kind);
  return { url: lent.url, drop: async () => lent[Symbol.asyncDispose]() };
}
