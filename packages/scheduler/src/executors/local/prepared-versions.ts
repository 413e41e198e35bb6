import pLimit from 'p-limit';
import { ensureVersionDirectory, type VersionFile } from '../version-directory.ts';

/** Versions written to disk at a time: with hundreds due at once there are more than files a process may have open. */
const MAX_PREPARING = 16;

export interface PreparedVersionsOptions {
  /** `TSFLOW_HOME`. */
  readonly home: string;
  /** The files of a version, from the database. */
  files(bundle: string): Promise<readonly VersionFile[]>;
  /** What the directories link as their `node_modules`; null: nothing. */
  readonly nodeModules: string | null;
}

/** The directories of versions on this machine, written when the first attempt of a version is about to run here. */
export class PreparedVersions {
  readonly #options: PreparedVersionsOptions;
  readonly #limit = pLimit(MAX_PREPARING);
  readonly #ready = new Set<string>();
  readonly #preparing = new Map<string, Promise<unknown>>();

  constructor(options: PreparedVersionsOptions) {
    this.#options = options;
  }

  /** Whether attempts of it can begin without a wait. */
  has(bundle: string): boolean {
    return this.#ready.has(bundle);
  }

  /** Resolves when the directory is there. Rejects when it cannot be written; the next call tries again. */
  async prepare(bundle: string): Promise<void> {
    if (this.#ready.has(bundle)) return;
    let preparing = this.#preparing.get(bundle);
    if (preparing === undefined) {
      preparing = this.#limit(() => this.#write(bundle));
      this.#preparing.set(bundle, preparing);
    }
    try {
      await preparing;
      this.#ready.add(bundle);
    } finally {
      this.#preparing.delete(bundle);
    }
  }

  #write(bundle: string): Promise<string> {
    const { home, nodeModules } = this.#options;
    return ensureVersionDirectory(home, bundle, () => this.#options.files(bundle), { nodeModules });
  }
}
