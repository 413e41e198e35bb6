/** How long to wait for the rest of a file that is being written: two looks at the same state this far apart. */
const SETTLE_MS = 100;
/** A file may be away for a moment: editors replace it, deploys remove and copy. Longer, and its DAGs become stale. */
const REMOVAL_MS = 2_000;

export interface ObservedChanges {
  /** Paths whose state is another than at the last report, and stable; gone ones included. */
  readonly changed: readonly string[];
  /** When to look again because something is still moving; null: nothing is. */
  readonly lookAgainMs: number | null;
}

/**
 * Tells changes that have come to rest from files that are half written. Pure bookkeeping: fed with what each look saw.
 */
export class SettledChanges {
  readonly #settled = new Map<string, string | null>();
  readonly #moving = new Map<string, { signature: string | null; since: number }>();

  /** @param seen the signature of every path that matters, null when it is not there. @param now monotonic milliseconds. */
  observe(seen: ReadonlyMap<string, string | null>, now: number): ObservedChanges {
    const changed: string[] = [];
    let lookAgainMs: number | null = null;
    for (const [path, signature] of seen) {
      if (this.#settled.get(path) === signature) {
        this.#moving.delete(path);
        continue;
      }
      const moving = this.#moving.get(path);
      const since = moving?.signature === signature ? moving.since : now;
      const leftMs = since + (signature === null ? REMOVAL_MS : SETTLE_MS) - now;
      if (leftMs <= 0) {
        this.#moving.delete(path);
        this.#settled.set(path, signature);
        changed.push(path);
      } else {
        this.#moving.set(path, { signature, since });
        lookAgainMs = Math.min(lookAgainMs ?? leftMs, leftMs);
      }
    }
    return { changed, lookAgainMs };
  }

  forget(path: string): void {
    this.#settled.delete(path);
    this.#moving.delete(path);
  }
}
