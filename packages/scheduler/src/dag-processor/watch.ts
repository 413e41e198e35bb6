import { type FSWatcher, watch } from 'node:fs';

/**
 * Tells at once that something in a set of folders changed; what changed, the next look finds out. A hint and not a promise:
 * network mounts and full inotify tables say nothing, which is why the processor also looks on its own.
 *
 * One watch a folder: the recursive watch of Node 20 on Linux is made of one watch per file.
 */
export class FolderWatch {
  readonly #watches = new Map<string, FSWatcher>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches exactly these folders from now on. Those that cannot be watched are left to the looks. */
  follow(folders: Iterable<string>): void {
    const wanted = new Set(folders);
    for (const [folder, watcher] of this.#watches) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watches.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.#watches.has(folder)) this.#watch(folder);
    }
  }

  close(): void {
    this.follow([]);
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#onChange());
      watcher.on('error', () => {
        watcher.close();
        this.#watches.delete(folder);
      });
      this.#watches.set(folder, watcher);
    } catch {
      // Gone again, or no watches left: the next look tries again.
    }
  }
}
