// What every script needs first: the packages of the lockfile, and the built code.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs what the lockfile says, unless it is there already. */
export function ensureInstalled() {
  if (isInstalled()) return;
  console.log('Installing packages (npm ci)…');
  run('npm', ['ci', '--no-progress']);
}

/** Whether node_modules has every package of the lockfile in its version; what other platforms need may be missing. */
function isInstalled() {
  const installed = packagesOf(join('node_modules', '.package-lock.json'));
  if (installed === null) return false;
  return Object.entries(packagesOf('package-lock.json') ?? {})
    .filter(([path, { link, optional }]) => path.includes('node_modules/') && !link && !optional)
    .every(([path, { version }]) => installed[path]?.version === version);
}

function packagesOf(lockfile) {
  const path = join(root, lockfile);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : null;
}

/** Builds the packages and the browser's pages. */
export function build() {
  run('npm', ['run', '--silent', 'build']);
}

/** Runs a command with its output on ours; ends this process with the command's exit code when it fails. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...buildEnvironment(), ...env },
    shell: process.platform === 'win32',
  });
  if (error !== undefined) console.error(`${command} cannot be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Where a native module is built from source and Node's headers cannot be downloaded, the ones that came with the running Node
 * serve: two levels above its binary.
 */
export function buildEnvironment() {
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
  if (!hasHeaders || process.env.npm_config_nodedir !== undefined) return process.env;
  return { ...process.env, npm_config_nodedir: prefix };
}
