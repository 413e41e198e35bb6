import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { InvalidInputError } from '@tsflow/core/errors';

/** A file of a version, as the database has it: its path below the version's directory, with `/`. */
export interface VersionFile {
  readonly path: string;
  readonly content: string | Uint8Array;
}

export interface VersionDirectoryOptions {
  /** The `node_modules` that the DAG's packages are resolved from, linked into the version; null: none. */
  readonly nodeModules: string | null;
}

/** Where the files of a version lie on this machine. */
export function versionDirectory(home: string, bundle: string): string {
  checkName(bundle);
  return join(home, 'versions', bundle);
}

/**
 * Makes sure that the version's files are on this machine, and returns their directory. It appears whole or not at all: written
 * beside, synced, renamed. Several processes may do this at the same time. `files` is asked only when the directory is missing.
 *
 * Throws {@link InvalidInputError} when a path leads out of the directory, and what the file system says.
 */
export async function ensureVersionDirectory(
  home: string,
  bundle: string,
  files: () => Promise<readonly VersionFile[]>,
  options: VersionDirectoryOptions,
): Promise<string> {
  const directory = versionDirectory(home, bundle);
  if (existsSync(directory)) return directory;
  const temporary = `${directory}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    const written = await writeFiles(temporary, await files());
    if (options.nodeModules !== null) {
      await symlink(resolve(options.nodeModules), join(temporary, 'node_modules'), 'junction');
    }
    for (const path of [...written, temporary]) await syncDirectory(path);
    await moveInto(temporary, directory);
    await syncDirectory(dirname(directory));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return directory;
}

/** The nearest `node_modules` in `folder` or above it: where packages that its files import are. Null: there is none. */
export function nearestNodeModules(folder: string): string | null {
  for (let at = resolve(folder); ; at = dirname(at)) {
    const candidate = join(at, 'node_modules');
    if (existsSync(candidate)) return candidate;
    if (dirname(at) === at) return null;
  }
}

/** What begins with `#!` is meant to be run by its name. */
function isScript(content: VersionFile['content']): boolean {
  return typeof content === 'string' ? content.startsWith('#!') : content[0] === 0x23 && content[1] === 0x21;
}

/** Returns the directories that were made. */
async function writeFiles(root: string, files: readonly VersionFile[]): Promise<Set<string>> {
  const directories = new Set<string>();
  for (const { path, content } of files) {
    const target = resolve(root, path);
    if (!target.startsWith(root + sep) || path.includes('\0')) {
      throw new InvalidInputError(`A file of a version lies below its directory; "${path}" does not.`);
    }
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    directories.add(dirname(target));
    const file = await open(target, 'wx', isScript(content) ? 0o700 : 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  return directories;
}

/** Somebody else may have been faster: a version is the same whoever wrote it. */
async function moveInto(temporary: string, directory: string): Promise<void> {
  try {
    await rename(temporary, directory);
  } catch (error) {
    const there = await stat(directory).catch(() => null);
    if (there === null) throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Bundles are named by a digest; the name comes from a database and becomes a path. */
function checkName(bundle: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(bundle)) return;
  throw new InvalidInputError(`Expected the digest of a bundle, got ${JSON.stringify(bundle)}.`);
}
