import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorMessage, InvalidInputError } from '@tsflow/core/errors';

const NAMES = ['tsflow.config.ts', 'tsflow.config.mts', 'tsflow.config.js', 'tsflow.config.mjs'];

/**
 * Reads the project's `tsflow.config.ts` (or the file that `TSFLOW_CONFIG` names); undefined when there is none. It runs in
 * this process, so it belongs to whoever starts tsflow, like the shell's own environment.
 */
export async function readConfigFile(
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<{ path: string; values: unknown } | undefined> {
  const path = configFilePath(cwd, env);
  if (path === undefined) return undefined;
  try {
    const module = (await importBundled(path)) as { default?: unknown };
    return { path, values: module.default };
  } catch (thrown) {
    throw new InvalidInputError(`${path} cannot be loaded: ${errorMessage(thrown)}`, { cause: thrown });
  }
}

function configFilePath(cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const named = env.TSFLOW_CONFIG;
  if (named === undefined || named === '') return NAMES.map((name) => join(cwd, name)).find(existsSync);
  const path = resolve(cwd, named);
  if (existsSync(path)) return path;
  throw new InvalidInputError(`TSFLOW_CONFIG: there is no file ${path}.`);
}

/** Node 20 reads no TypeScript: esbuild bundles the file, beside itself so that the project's packages resolve. */
async function importBundled(path: string): Promise<unknown> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  const bundled = join(dirname(path), `.tsflow.config.${process.pid}.mjs`);
  try {
    await writeFile(bundled, outputFiles[0]!.contents, { mode: 0o600 });
    return await import(pathToFileURL(bundled).href);
  } finally {
    await rm(bundled, { force: true });
  }
}
