import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import { sideFilePath } from './log-segment.ts';

/** Where the lines of an attempt are: its row's `logSegment`, `logStart` and `logEnd`. */
export interface LogPlace {
  readonly segment: string;
  readonly start: number;
  /** Null: it still runs, or its runner was killed before it could say. Its lines are recognised by their attempt. */
  readonly end: number | null;
  /** Whose lines these are. Needed only while `end` is null; without it the first line tells. */
  readonly attemptId?: number;
}

/** Longer than any line that is written: a message of 64 Ki characters, escaped, and its fields. */
export const MAX_LINE_BYTES = 1024 * 1024;

/**
 * The bytes of one attempt's log as if they were one file: its range of the segment, then (only of an attempt that ran beyond its head
 * and did not end) its side files. Dispose of it after use.
 */
export class LogSources implements AsyncDisposable {
  readonly #sources: readonly LogSource[];

  private constructor(sources: readonly LogSource[]) {
    this.#sources = sources;
  }

  /**
   * Opens what is there; null when there is no such segment (yet). Throws {@link InvalidInputError} when `segment` is not the name of
   * one, or leads out of `folder`.
   */
  static async open(folder: string, place: LogPlace): Promise<LogSources | null> {
    const path = await segmentPath(folder, place.segment);
    return path === null ? null : new LogSources(await logSources(path, place));
  }

  /** How many bytes there are. */
  get size(): number {
    return this.#sources.reduce((sum, { size }) => sum + size, 0);
  }

  /** How many of them stay where they are: side files are emptied in turns. */
  get settledSize(): number {
    return this.#sources[0]?.size ?? 0;
  }

  /** Whole lines from `offset`, at most `limitBytes` unless the first line is longer, and nothing beyond `until`. */
  async wholeLines(offset: number, limitBytes: number, until = Number.MAX_SAFE_INTEGER): Promise<Buffer> {
    const room = Math.max(0, until - offset);
    for (let limit = limitBytes; ; limit = Math.max(limit, MAX_LINE_BYTES)) {
      const bytes = await this.#range(offset, Math.min(limit, room));
      const end = bytes.lastIndexOf(0x0a) + 1;
      if (end > 0 || bytes.length < limit || limit >= MAX_LINE_BYTES) return bytes.subarray(0, end);
    }
  }

  async #range(offset: number, limit: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(limit);
    let filled = 0;
    let skip = offset;
    for (const { file, from, size } of this.#sources) {
      const begin = Math.min(skip, size);
      skip -= begin;
      for (let at = begin; at < size && filled < limit; ) {
        const { bytesRead } = await file.read(buffer, filled, Math.min(limit - filled, size - at), from + at);
        if (bytesRead === 0) break;
        filled += bytesRead;
        at += bytesRead;
      }
    }
    return buffer.subarray(0, filled);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sources.map(({ file }) => file.close()));
  }
}

interface LogSource {
  readonly file: FileHandle;
  readonly from: number;
  readonly size: number;
}

/** Segment names are made by tsflow, but they come from a database: a strange one must not become a path. */
const SEGMENT_NAME = /^\d{4}-\d\d-\d\d\/[A-Za-z0-9_-]{1,100}-\d{1,9}\.jsonl$/;

async function segmentPath(folder: string, segment: string): Promise<string | null> {
  if (!SEGMENT_NAME.test(segment)) {
    throw new InvalidInputError(
      `Expected a log segment such as "2026-01-31/runner-0.jsonl", got "${segment}".`,
    );
  }
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(join(folder, segment))]);
    if (path.startsWith(root + sep)) return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  throw new InvalidInputError(`The log segment "${segment}" leads out of the log folder; it is not read.`);
}

async function logSources(path: string, place: LogPlace): Promise<LogSource[]> {
  const segment = await openToRead(path);
  if (segment === null) return [];
  const { size } = await segment.stat();
  const sources: LogSource[] = [
    { file: segment, from: place.start, size: Math.max(0, Math.min(place.end ?? size, size) - place.start) },
  ];
  if (place.end !== null) return sources;
  const parts: (LogSource & { changedAt: number })[] = [];
  for (const part of [0, 1] as const) {
    const file = await openToRead(sideFilePath(path, place.start, part));
    if (file === null) continue;
    const { size: bytes, mtimeMs } = await file.stat();
    parts.push({ file, from: 0, size: bytes, changedAt: mtimeMs });
  }
  return [...sources, ...parts.sort((a, b) => a.changedAt - b.changedAt)];
}

async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
