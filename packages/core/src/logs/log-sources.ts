import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import { sideFilePath } from './log-segment.ts';

/** The lines of one call of an attempt: a range of a segment. */
export interface LogPiece {
  readonly segment: string;
  readonly start: number;
  /** Null: it still runs, or its runner was killed before it could say. Its lines are recognised by their attempt. */
  readonly end: number | null;
}

/** Where the lines of an attempt are: those of its last call, and of the calls before it. */
export interface LogPlace extends LogPiece {
  /** In their order. One whose end is unknown goes to the end of its segment: its runner was killed. */
  readonly earlier?: readonly LogPiece[];
  /** The last call is among the earlier ones: the next one has not begun. */
  readonly isEarlier?: boolean;
  /** Whose lines these are. Needed only while `end` is null; without it the first line tells. */
  readonly attemptId?: number;
}

/** What an attempt's row says of its log. */
export interface LoggedAttempt {
  readonly attemptId: number;
  readonly logSegment: string | null;
  readonly logStart: number | null;
  readonly logEnd: number | null;
  /** JSON of `LogPiece[]`. */
  readonly earlierLogs: string | null;
}

/** Where the lines of an attempt are; null: it has not begun. */
export function attemptLogPlace(row: LoggedAttempt): LogPlace | null {
  const { attemptId, logSegment: segment, logStart: start, logEnd: end } = row;
  if (segment === null || start === null) return null;
  const earlier = row.earlierLogs === null ? [] : (JSON.parse(row.earlierLogs) as LogPiece[]);
  const last = earlier.at(-1);
  return {
    segment,
    start,
    end,
    attemptId,
    earlier,
    isEarlier: last?.segment === segment && last.start === start,
  };
}

/** Longer than any line that is written: a message of 64 Ki characters, escaped, and its fields. */
export const MAX_LINE_BYTES = 1024 * 1024;

/**
 * The bytes of one attempt's log as if they were one file: its range of the segment, then (only of an attempt that ran beyond its head
 * and did not end) its side files. Dispose of it after use.
 */
export class LogSources implements AsyncDisposable {
  readonly #sources: readonly LogSource[];
  readonly #settled: readonly LogSource[];

  private constructor(settled: readonly LogSource[], moving: readonly LogSource[]) {
    this.#settled = settled;
    this.#sources = [...settled, ...moving];
  }

  /**
   * Opens what is there; null when there is no such segment (yet). Throws {@link InvalidInputError} when `segment` is not the name of
   * one, or leads out of `folder`.
   */
  static async open(folder: string, place: LogPlace): Promise<LogSources | null> {
    const pieces = place.isEarlier === true ? (place.earlier ?? []) : [...(place.earlier ?? []), place];
    const settled: LogSource[] = [];
    for (const piece of pieces) {
      const path = await segmentPath(folder, piece.segment);
      const source = path === null ? null : await rangeOf(path, piece);
      if (source !== null) settled.push(source);
    }
    if (settled.length === 0) return null;
    const path = place.isEarlier === true ? null : await segmentPath(folder, place.segment);
    return new LogSources(settled, path === null ? [] : await sideFiles(path, place));
  }

  /** How many bytes there are. */
  get size(): number {
    return sizeOf(this.#sources);
  }

  /** How many of them stay where they are: side files are emptied in turns. */
  get settledSize(): number {
    return sizeOf(this.#settled);
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

const sizeOf = (sources: readonly LogSource[]): number => sources.reduce((sum, { size }) => sum + size, 0);

async function rangeOf(path: string, { start, end }: LogPiece): Promise<LogSource | null> {
  const file = await openToRead(path);
  if (file === null) return null;
  const { size } = await file.stat();
  return { file, from: start, size: Math.max(0, Math.min(end ?? size, size) - start) };
}

/** What an attempt wrote beyond its head, as long as it has not ended. */
async function sideFiles(path: string, place: LogPlace): Promise<LogSource[]> {
  if (place.end !== null) return [];
  const parts: (LogSource & { changedAt: number })[] = [];
  for (const part of [0, 1] as const) {
    const file = await openToRead(sideFilePath(path, place.start, part));
    if (file === null) continue;
    const { size: bytes, mtimeMs } = await file.stat();
    parts.push({ file, from: 0, size: bytes, changedAt: mtimeMs });
  }
  return parts.sort((a, b) => a.changedAt - b.changedAt);
}

async function openToRead(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
