import { existsSync } from 'node:fs';
import { type Config, type LoadedConfig, loadConfig, makeHome } from '@tsflow/core/config';
import { InvalidInputError } from '@tsflow/core/errors';
import { openStore, type Store } from '@tsflow/core/store';
import type { Flags } from '../command-context.ts';
import { readConfigFile } from './config-file.ts';

/** The settings of the project in `cwd`: defaults, `tsflow.config.ts`, environment, flags. */
export async function loadProject(
  cwd: string,
  env: NodeJS.ProcessEnv,
  flags: Flags = {},
): Promise<LoadedConfig> {
  const { home, dags, databaseUrl, host, port } = flags;
  return loadConfig({
    cwd,
    env,
    file: await readConfigFile(cwd, env),
    flags: { home, dags, databaseUrl, host, port },
  });
}

/** Opens the project's database. A SQLite file that is not there yet is made and migrated: nothing can be lost by that. */
export async function openProjectStore(config: Config): Promise<Store> {
  makeHome(config);
  const isNew = isNewSqlite(config.databaseUrl);
  const store = await openStore(config.databaseUrl, storeOptions(config));
  try {
    if (isNew) await store.migrate();
    else await store.assertMigrated();
    return store;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

/** The project's database when there is one already; a command that only looks makes none. */
export async function existingProjectStore(
  config: Config,
): Promise<AsyncDisposable & { readonly store: Store | null }> {
  const store = isNewSqlite(config.databaseUrl) ? null : await openProjectStore(config);
  return { store, [Symbol.asyncDispose]: async () => store?.close() };
}

/** Opens it as it is, for `db migrate` and `db check`. */
export async function openProjectStoreAsIs(config: Config): Promise<Store> {
  makeHome(config);
  return openStore(config.databaseUrl, storeOptions(config));
}

/** Processes meet in the database: one in memory is nobody else's. */
export function assertShareable(config: Config): void {
  if (config.databaseUrl !== 'sqlite::memory:') return;
  throw new InvalidInputError(
    'TSFLOW_DATABASE_URL: a database in memory cannot be shared by processes: name a file, "sqlite:<path>".',
  );
}

function storeOptions(config: Config) {
  return { synchronous: config.sqliteSynchronous, poolSize: config.poolSize };
}

function isNewSqlite(url: string): boolean {
  if (url === 'sqlite::memory:') return true;
  return url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length));
}
