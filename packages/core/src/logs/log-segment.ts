import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** A segment that is longer than this gets no further attempt: old ones can be deleted in pieces. */
const MAX_SEGMENT_BYTES = 64 * 1024 * 1024;

/**
 * The files that one runner appends its attempts' lines to: `<yyyy-mm-dd>/<runnerId>-<n>.jsonl` below the log folder. A file per
 * attempt would cost most of the throughput. Opened when the first line is written; a new day or a full file begins the next.
 */
export class LogSegments {
  readonly folder: string;
  readonly #runnerId: string;
  #number = -1;
  #day = '';
  #current: LogSegment | null = null;

  /** @param runnerId becomes part of a file name: made by tsflow, never by a user */
  constructor(folder: string, runnerId: string) {
    this.folder = folder;
    this.#runnerId = runnerId;
  }

  /** The segment for an attempt that begins now. */
  current(nowMs: number): LogSegment {
    const day = dayOf(nowMs);
    if (this.#current === null || day !== this.#day || this.#current.position > MAX_SEGMENT_BYTES) {
      this.close();
      this.#day = day;
      this.#number += 1;
      this.#current = new LogSegment(this.folder, `${day}/${this.#runnerId}-${this.#number}.jsonl`);
    }
    return this.#current;
  }

  close(): void {
    this.#current?.close();
    this.#current = null;
  }
}

/** Lines wait for others this long at most before they are on disk: those who follow a log see them at once all the same. */
const FLUSH_MS = 50;
const FLUSH_LENGTH = 64 * 1024;

/**
 * One append-only file, written in batches: by time, by size, and when {@link flush} is called. Writes are synchronous and to the
 * page cache. Nothing here throws: a full disk loses lines, never the task.
 */
export class LogSegment {
  /** Path below the log folder, with `/`. */
  readonly name: string;
  readonly #path: string;
  #fd: number | null = null;
  #written = 0;
  #pending = '';
  #pendingBytes = 0;
  #lostBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(folder: string, name: string) {
    this.name = name;
    this.#path = join(folder, name);
  }

  /** Where the next byte goes. */
  get position(): number {
    return this.#written + this.#pendingBytes;
  }

  /** Bytes that found no space so far. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  append(text: string): void {
    this.#pending += text;
    this.#pendingBytes += Buffer.byteLength(text);
    if (this.#pending.length >= FLUSH_LENGTH) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Everything that was appended is in the file when this returns. False: it could not be written, and is lost. */
  flush(): boolean {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pending === '') return true;
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    this.#pendingBytes = 0;
    return this.write(bytes);
  }

  /** Writes `bytes` behind what was flushed. */
  write(bytes: Uint8Array): boolean {
    try {
      const fd = this.#open();
      for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      this.#written += bytes.length;
      return true;
    } catch {
      this.#lostBytes += bytes.length;
      this.#cutHalfLine();
      return false;
    }
  }

  /** A side file for the newest lines of an attempt that outgrew its head; its name tells a reader where it belongs. */
  sideFile(start: number, part: 0 | 1): SideFile {
    return new SideFile(sideFilePath(this.#path, start, part));
  }

  close(): void {
    this.flush();
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
  }

  #open(): number {
    if (this.#fd !== null) return this.#fd;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#fd = openSync(this.#path, 'a', 0o600);
    return this.#fd;
  }

  #cutHalfLine(): void {
    if (this.#fd === null) return;
    try {
      ftruncateSync(this.#fd, this.#written);
    } catch {
      this.#written = fstatSync(this.#fd).size;
    }
  }
}

/** Half of the tail of a long log. Two of them take turns, so that the newest lines are always in one or both. */
export class SideFile {
  readonly #path: string;
  #fd: number | null = null;
  size = 0;

  constructor(path: string) {
    this.#path = path;
  }

  append(bytes: Uint8Array): void {
    this.#fd ??= openSync(this.#path, 'w+', 0o600);
    let written = 0;
    while (written < bytes.length)
      written += writeSync(this.#fd, bytes, written, bytes.length - written, this.size + written);
    this.size += bytes.length;
  }

  empty(): void {
    if (this.#fd !== null) ftruncateSync(this.#fd, 0);
    this.size = 0;
  }

  /** Its content in pieces of at most 1 MiB. */
  *pieces(): Generator<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.min(this.size, 1024 * 1024));
    for (let at = 0; this.#fd !== null && at < this.size; ) {
      const read = readSync(this.#fd, buffer, 0, buffer.length, at);
      if (read === 0) return;
      yield buffer.subarray(0, read);
      at += read;
    }
  }

  remove(): void {
    if (this.#fd === null) return;
    closeSync(this.#fd);
    this.#fd = null;
    rmSync(this.#path, { force: true });
  }
}

/** Where the newest lines of the attempt that begins at `start` are while it runs beyond its head. */
export function sideFilePath(segmentPath: string, start: number, part: 0 | 1): string {
  return `${segmentPath}.${start}.tail-${part}`;
}

function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
