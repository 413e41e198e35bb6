import { readFileSync, type Stats, statSync } from 'node:fs';

/** What tells one state of a file from the next without reading it. */
export interface FileStamp {
  readonly modifiedAt: number;
  /** Changes with each save; compare for equality only. */
  readonly signature: string;
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

/** What the file system says of a path, or null when it is not there. */
export function statIfThere(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null; // A link to itself, or a folder above that may not be entered.
  }
}
