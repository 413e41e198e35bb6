import { readFileSync, statSync } from 'node:fs';
import { dirname, posix, resolve } from 'node:path';
import type { DagFileTable, ImportErrorTable } from '@tsflow/core/store';
import { backoffMs } from './backoff.ts';
import { digestOf } from './digest.ts';
import type { DagFileFinder } from './discover.ts';
import { stampOf } from './file-stamp.ts';
import { SettledChanges } from './settled-changes.ts';

/** What is known of one DAG file. Paths are relative to the dags folder. */
export interface KnownFile {
  readonly path: string;
  /** All files it was made of when it was last parsed, itself included. */
  inputs: readonly string[];
  /** Of the inputs' contents and the environment when it was last parsed, whether it loaded or not; null: not yet. */
  digest: string | null;
  /** DAGs of its last good version. */
  dagIds: readonly string[];
  failure: { kind: string; count: number; retryAt: number } | null;
  /** It ended or held up its child before. */
  suspect: boolean;
  /** `check`: parse if its digest is another; `force`: parse in any case. */
  due: 'check' | 'force' | null;
  /** When a pass took it, wall clock; null: no pass has it. */
  takenAt: number | null;
}

export interface FolderLook {
  /** Every folder to watch, absolute. Empty: the dags folder is not there, and nothing is said about its files. */
  readonly folders: readonly string[];
  /** Files that are gone for good. They are forgotten. */
  readonly removed: readonly string[];
  /** When something that is moving comes to rest. */
  readonly lookAgainMs: number | null;
}

/** Failures that another file's appearance can mend. */
const MENDED_BY_NEW_FILES = new Set(['missing_import', 'missing_file']);
/** Failures that cost a child. */
const COSTLY = new Set(['timeout', 'memory', 'exit', 'uncaught_exception', 'unhandled_rejection']);
/** Files that no pass could handle (esbuild or the children cannot run) wait this long. */
const PASS_RETRY_MS = 5_000;
/** Coarseness of file times: the kernel stamps with its tick, at most 10 ms old. */
const FILE_TIME_MS = 10;

/**
 * The dags folder as the processor knows it: which files there are, what each was made of, and which have to be parsed. Looks at the
 * file system, and does nothing to it.
 */
export class DagFolder {
  readonly #folder: string;
  readonly #finder: DagFileFinder;
  readonly #changes = new SettledChanges();
  readonly #files = new Map<string, KnownFile>();
  /** Digest of a file's content while its signature stays; by absolute path. */
  readonly #contents = new Map<string, { signature: string; digest: string }>();
  #listed = new Set<string>();
  /** Modification times of the folders: they change when an entry comes or goes. */
  #layout = new Map<string, number>();

  constructor(folder: string, finder: DagFileFinder) {
    this.#folder = folder;
    this.#finder = finder;
  }

  get size(): number {
    return this.#listed.size;
  }

  /** Takes up where an earlier processor ended. Files that failed are tried again; those whose inputs are unknown too. */
  restore(
    rows: readonly DagFileTable[],
    errors: readonly ImportErrorTable[],
    inputsOf: (path: string) => readonly string[] | null,
  ): void {
    for (const row of rows) {
      const inputs = inputsOf(row.path);
      const file = this.#add(row.path);
      file.dagIds = JSON.parse(row.dagIds) as string[];
      file.digest = inputs === null ? null : row.digest;
      file.inputs = inputs ?? [row.path];
    }
    for (const { file: path, kind } of errors) {
      const file = this.#files.get(path) ?? this.#add(path);
      file.failure = { kind, count: 0, retryAt: Number.POSITIVE_INFINITY };
      file.suspect = COSTLY.has(kind);
      file.digest = null;
    }
  }

  /** @param now monotonic milliseconds. */
  look(now: number): FolderLook {
    const listing = this.#finder.look();
    if (listing.folders.length === 0) return { folders: [], removed: [], lookAgainMs: null };
    this.#listed = new Set(listing.candidates.keys());
    for (const path of listing.candidates.keys()) {
      if (this.#files.has(path)) continue;
      this.#add(path);
      this.#changes.forget(path); // It may have been seen before, as an input of another one.
    }

    const seen = new Map<string, string | null>();
    for (const file of this.#files.values()) {
      seen.set(file.path, listing.candidates.get(file.path)?.signature ?? null);
      for (const input of file.inputs) {
        if (!seen.has(input)) seen.set(input, stampOf(resolve(this.#folder, input))?.signature ?? null);
      }
    }
    const { changed, lookAgainMs } = this.#changes.observe(seen, now);
    const removed = changed.filter((path) => this.#files.has(path) && !listing.candidates.has(path));
    for (const path of removed) this.#files.delete(path);
    if (removed.length > 0) this.#retry('duplicate_dag_id');
    this.#markEdited(new Set(changed));
    this.#markLayout(listing.folders);
    return { folders: [...listing.folders, ...this.#outsideFolders()], removed, lookAgainMs };
  }

  /**
   * The files to parse now; a pass has them from here on. Among those that changed, the ones whose content is what was
   * parsed before are left out.
   */
  takeDue(now: number, wallNow: number, refresh: boolean, environment: string): readonly KnownFile[] {
    const due: KnownFile[] = [];
    for (const file of this.#files.values()) {
      if (file.takenAt !== null) continue;
      if (refresh || (file.failure !== null && file.failure.retryAt <= now)) file.due = 'force';
      if (file.due === null || !this.#listed.has(file.path)) continue;
      const isKnown =
        file.due === 'check' && file.digest !== null && file.digest === this.#digest(file, environment);
      file.due = null;
      if (isKnown) continue;
      file.takenAt = wallNow;
      due.push(file);
    }
    return due;
  }

  /** A pass has read a file. Null when it is no longer there: its outcome means nothing. */
  parsed(path: string, inputs: readonly string[], environment: string): KnownFile | null {
    const file = this.#files.get(path);
    if (file === undefined) return null;
    file.inputs = inputs;
    file.digest = this.#digest(file, environment);
    const takenAt = file.takenAt ?? 0;
    const editedSince = inputs.some((input) => {
      const modifiedAt = stampOf(resolve(this.#folder, input))?.modifiedAt ?? 0;
      return modifiedAt >= takenAt - FILE_TIME_MS;
    });
    if (editedSince) file.due = 'force';
    file.takenAt = null;
    return file;
  }

  /** A pass is over; what it brought no outcome for is tried again after a while. */
  passEnded(files: readonly KnownFile[], now: number): void {
    for (const file of files) {
      if (file.takenAt === null) continue;
      file.takenAt = null;
      file.digest = null;
      file.failure = { kind: 'unavailable', count: file.failure?.count ?? 0, retryAt: now + PASS_RETRY_MS };
    }
  }

  recorded(path: string, dagIds: readonly string[]): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    const lost = file.dagIds.some((dagId) => !dagIds.includes(dagId));
    file.dagIds = dagIds;
    file.failure = null;
    file.suspect = false;
    if (lost) this.#retry('duplicate_dag_id');
  }

  failed(path: string, kind: string, now: number): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    const count = (file.failure?.count ?? 0) + 1;
    file.failure = { kind, count, retryAt: now + backoffMs(count) };
    file.suspect = COSTLY.has(kind);
  }

  /**
   * These files are read again although nothing in them changed. One that failed keeps its back-off, one that is being read is left to
   * that. True: one of them is due now.
   */
  readAgain(paths: Iterable<string>): boolean {
    let isDue = false;
    for (const path of paths) {
      const file = this.#files.get(path);
      if (file === undefined || file.failure !== null || file.takenAt !== null) continue;
      isDue ||= file.due !== 'force';
      file.due = 'force';
    }
    return isDue;
  }

  /** Packages changed: every file is looked at again. */
  allDue(): void {
    for (const file of this.#files.values()) file.due ??= 'check';
  }

  /**
   * Which file has a DAG: for each dagId of a last good version whose file is there. Of the files in `loaded`, only those ids count
   * that they still have.
   */
  owners(loaded: readonly { file: string; dagIds: readonly string[] }[]): ReadonlyMap<string, string> {
    const current = new Map(loaded.map(({ file, dagIds }) => [file, new Set(dagIds)]));
    const owners = new Map<string, string>();
    for (const { path, dagIds } of this.#files.values()) {
      if (!this.#listed.has(path)) continue; // Renamed, perhaps: its DAGs may be claimed at once.
      for (const dagId of dagIds) if (current.get(path)?.has(dagId) !== false) owners.set(dagId, path);
    }
    return owners;
  }

  /** What the database keeps of a file that loaded. */
  row(path: string, parseMs: number): Omit<DagFileTable, 'dagIds' | 'parsedAt'> {
    const modifiedAt = stampOf(resolve(this.#folder, path))?.modifiedAt ?? 0;
    return { path, digest: this.#files.get(path)?.digest ?? '', modifiedAt, parseMs: Math.ceil(parseMs) };
  }

  /** Of each file, all that it is made of. */
  inputs(): ReadonlyMap<string, readonly string[]> {
    return new Map([...this.#files.values()].map(({ path, inputs }) => [path, inputs]));
  }

  /** Digest of the content of a file, read only when it was saved since the last time. Null when it is not there. */
  contentDigest(path: string): string | null {
    const absolute = resolve(this.#folder, path);
    const stamp = stampOf(absolute);
    if (stamp === null) return null;
    const known = this.#contents.get(absolute);
    if (known?.signature === stamp.signature) return known.digest;
    try {
      const digest = digestOf(readFileSync(absolute));
      this.#contents.set(absolute, { signature: stamp.signature, digest });
      return digest;
    } catch {
      return null;
    }
  }

  #digest(file: KnownFile, environment: string): string {
    return digestOf(
      environment,
      ...file.inputs.flatMap((input) => [input, this.contentDigest(input) ?? 'gone']),
    );
  }

  #add(path: string): KnownFile {
    const file: KnownFile = {
      path,
      inputs: [path],
      digest: null,
      dagIds: [],
      failure: null,
      suspect: false,
      due: null,
      takenAt: null,
    };
    this.#files.set(path, file);
    return file;
  }

  #markEdited(changed: ReadonlySet<string>): void {
    if (changed.size === 0) return;
    for (const file of this.#files.values()) {
      if (!file.inputs.some((input) => changed.has(input))) continue;
      file.due ??= 'check';
      // An edit ends the wait of a file that failed; whether it is an edit, its digest tells.
      if (file.failure !== null) file.failure = { ...file.failure, count: 0 };
    }
  }

  /** A file that came or went may be what another one misses, or belong to a pattern in its `files`. */
  #markLayout(folders: readonly string[]): void {
    const layout = new Map(folders.map((folder) => [folder, modifiedAt(folder)]));
    const before = this.#layout;
    this.#layout = layout;
    if (before.size === 0) return;
    const moved = folders.filter((folder) => before.get(folder) !== layout.get(folder));
    if (moved.length === 0) return;
    for (const kind of MENDED_BY_NEW_FILES) this.#retry(kind);
    for (const file of this.#files.values()) {
      const readFolders = file.inputs.filter(isRead).map((input) => dirname(resolve(this.#folder, input)));
      if (readFolders.some((folder) => moved.includes(folder))) file.due = 'force';
    }
  }

  #retry(kind: string): void {
    for (const file of this.#files.values()) if (file.failure?.kind === kind) file.due = 'force';
  }

  #outsideFolders(): readonly string[] {
    const folders = new Set<string>();
    for (const { inputs } of this.#files.values()) {
      for (const input of inputs)
        if (input.startsWith('../')) folders.add(dirname(resolve(this.#folder, input)));
    }
    return [...folders];
  }
}

/** Whether an input is a file that a DAG reads, not a module that was inlined. */
function isRead(input: string): boolean {
  return !/^\.[cm]?[jt]sx?$/.test(posix.extname(input));
}

function modifiedAt(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
