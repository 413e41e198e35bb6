import { readdirSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { IGNORE_FILE, parseIgnoreRules } from './ignore-rules.ts';

/** What can be a DAG file. Declarations and tests beside it are not; editors' swap and backup files end otherwise. */
const DAG_FILE = /\.(?:ts|mts|js|mjs)$/;
const NOT_A_DAG_FILE = /\.(?:d|test|spec)\.(?:ts|mts|js|mjs)$/;
/** Emacs' locks and autosaves, vim's `4913`, and temporary names of editors that write beside and rename. */
const EDITOR_FILE = /^(?:\.|#|~)|[~#]$|^4913$|\.(?:tmp|swp|swx|bak|orig)\.(?:ts|mts|js|mjs)$/;
const SKIPPED_FOLDER = /^(?:\..*|node_modules)$/;
/**
 * A file that never says this is not even bundled. Nearly always it is the import of `@tsflow/core`; a file that makes its DAGs through
 * a factory of its own says it in a comment.
 */
const MARK = 'tsflow';

/** What tells one state of a file from the next without reading it. */
export interface FileStamp {
  readonly modifiedAt: number;
  /** Changes with each save; compare for equality only. */
  readonly signature: string;
}

/** What one look into the dags folder saw. Paths are relative to it, with `/`. */
export interface FolderListing {
  /** Files that may define DAGs. */
  readonly candidates: ReadonlyMap<string, FileStamp>;
  /** Every folder that was walked, absolute: where to watch. */
  readonly folders: readonly string[];
}

/**
 * Finds the DAG files of a folder: `*.ts`, `*.mts`, `*.js`, `*.mjs` that mention tsflow, outside of `node_modules`, hidden folders
 * and what `.tsflowignore` names. Follows symbolic links, each real folder once.
 *
 * Synchronous on purpose: a thousand files cost 5 ms this way and 40 ms of promises, each second; nothing else runs in this
 * process meanwhile. Remembers the answer of the text test per state of a file, so keep the finder between looks.
 */
export class DagFileFinder {
  readonly #folder: string;
  #mentions = new Map<string, { signature: string; mentionsTsflow: boolean }>();

  /** @param folder the dags folder, absolute. It need not exist yet: then there are no files. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  look(): FolderListing {
    const candidates = new Map<string, FileStamp>();
    const folders: string[] = [];
    const mentions = new Map<string, { signature: string; mentionsTsflow: boolean }>();
    const ignored = parseIgnoreRules(readIfThere(join(this.#folder, IGNORE_FILE)) ?? '');
    const seen = new Set<string>();

    const walk = (relative: string): void => {
      const absolute = join(this.#folder, relative);
      const real = realPathIfThere(absolute);
      if (real === null || seen.has(real)) return;
      seen.add(real);
      folders.push(absolute);
      for (const entry of entriesOf(absolute)) {
        const path = relative === '' ? entry.name : posix.join(relative, entry.name);
        const isLink = entry.isSymbolicLink();
        const stats = isLink ? statIfThere(join(this.#folder, path)) : null;
        if (isLink ? stats?.isDirectory() : entry.isDirectory()) {
          if (!SKIPPED_FOLDER.test(entry.name) && !ignored(path, true)) walk(path);
        } else if ((isLink ? stats?.isFile() : entry.isFile()) && isDagFileName(entry.name)) {
          if (!ignored(path, false)) consider(path);
        }
      }
    };

    const consider = (path: string): void => {
      const stamp = stampOf(join(this.#folder, path));
      if (stamp === null) return;
      const before = this.#mentions.get(path);
      const known =
        before?.signature === stamp.signature
          ? before
          : {
              signature: stamp.signature,
              mentionsTsflow: (readIfThere(join(this.#folder, path)) ?? '').includes(MARK),
            };
      mentions.set(path, known);
      if (known.mentionsTsflow) candidates.set(path, stamp);
    };

    walk('');
    this.#mentions = mentions;
    return { candidates, folders };
  }
}

/** Whether a file of this name may define DAGs. */
function isDagFileName(name: string): boolean {
  return DAG_FILE.test(name) && !NOT_A_DAG_FILE.test(name) && !EDITOR_FILE.test(name);
}

/** The state of a file, or null when it is not there. */
export function stampOf(path: string): FileStamp | null {
  const stats = statIfThere(path);
  if (stats === null || !stats.isFile()) return null;
  return {
    modifiedAt: Math.trunc(stats.mtimeMs),
    // The inode tells an editor's rename of a new file over the old one, also within one tick of the file system's clock.
    signature: `${stats.mtimeMs}:${stats.size}:${stats.ino}`,
  };
}

/** The text of a file, or null when it is not there or cannot be read. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // Removed, or not ours to read, since its parent was listed.
  }
}

function statIfThere(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // A link to itself, or a folder above that may not be entered.
  }
}

function realPathIfThere(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
