import { readdirSync, realpathSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type FileStamp, readIfThere, stampOf, statIfThere } from './file-stamp.ts';
import { IGNORE_FILE, parseIgnoreRules } from './ignore-rules.ts';
import { MentionIndex } from './mention-index.ts';

/** What can be a DAG file. Declarations and tests beside it are not; editors' swap and backup files end otherwise. */
const DAG_FILE = /\.(?:ts|mts|js|mjs)$/;
const NOT_A_DAG_FILE = /\.(?:d|test|spec)\.(?:ts|mts|js|mjs)$/;
/** Emacs' locks and autosaves, vim's `4913`, and temporary names of editors that write beside and rename. */
const EDITOR_FILE = /^(?:\.|#|~)|[~#]$|^4913$|\.(?:tmp|swp|swx|bak|orig)\.(?:ts|mts|js|mjs)$/;
const SKIPPED_FOLDER = /^(?:\..*|node_modules)$/;
/** What one look into the dags folder saw. Paths are relative to it, with `/`. */
export interface FolderListing {
  /** Files that may define DAGs. */
  readonly candidates: ReadonlyMap<string, FileStamp>;
  /** Every folder that was walked, absolute: where to watch. */
  readonly folders: readonly string[];
}

/**
 * Finds the DAG files of a folder: `*.ts`, `*.mts`, `*.js`, `*.mjs` that have to do with tsflow ({@link MentionIndex}), outside of
 * `node_modules`, hidden folders and what `.tsflowignore` names. Follows symbolic links, each real folder once.
 *
 * Synchronous on purpose: a thousand files cost 5 ms this way and 40 ms of promises, each second; nothing else runs in this
 * process meanwhile. Remembers the answer of the text test per state of a file, so keep the finder between looks.
 */
export class DagFileFinder {
  readonly #folder: string;
  readonly #mentions = new MentionIndex();

  /** @param folder the dags folder, absolute. It need not exist yet: then there are no files. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  look(): FolderListing {
    const candidates = new Map<string, FileStamp>();
    const folders: string[] = [];
    this.#mentions.begin();
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
      const file = join(this.#folder, path);
      const stamp = stampOf(file);
      if (stamp !== null && this.#mentions.concernsTsflow(file)) candidates.set(path, stamp);
    };

    walk('');
    return { candidates, folders };
  }
}

/** Whether a file of this name may define DAGs. */
function isDagFileName(name: string): boolean {
  return DAG_FILE.test(name) && !NOT_A_DAG_FILE.test(name) && !EDITOR_FILE.test(name);
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // Removed, or not ours to read, since its parent was listed.
  }
}

function realPathIfThere(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
