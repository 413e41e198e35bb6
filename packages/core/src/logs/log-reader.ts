import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { InvalidInputError } from '../errors.ts';
import { isAtLeast, type LogLevel, type LogLine } from './log-line.ts';
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

export interface LogPage {
  readonly lines: readonly LogLine[];
  /** Where to go on; equal to the offset given when there was nothing more. */
  readonly nextOffset: number;
  /** Nothing will follow: the attempt's end is known and was reached. */
  readonly done: boolean;
}

export interface LogPageOptions {
  /** Byte to begin at, counted from the attempt's first. Default 0. */
  readonly offset?: number;
  /** Most bytes to read: a page ends with a whole line. Default 256 KiB. */
  readonly limitBytes?: number;
  /** Leaves out lines below this level. */
  readonly level?: LogLevel;
}

const DEFAULT_LIMIT_BYTES = 256 * 1024;
const MIN_LIMIT_BYTES = 1024;
/** Longer than any line that is written: a message of 64 Ki characters, escaped, and its fields. */
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * One page of an attempt's log, from below `folder`. A log that does not exist (yet) is an empty page. Reads only what it returns:
 * the last page of a gigabyte costs as much as the first.
 *
 * Throws {@link InvalidInputError} when `segment` is not the name of a segment, or leads out of the folder.
 */
export async function readAttemptLog(
  folder: string,
  place: LogPlace,
  options: LogPageOptions = {},
): Promise<LogPage> {
  const offset = Math.max(0, Math.trunc(options.offset ?? 0));
  const limitBytes = Math.max(MIN_LIMIT_BYTES, options.limitBytes ?? DEFAULT_LIMIT_BYTES);
  const path = await segmentPath(folder, place.segment);
  if (path === null) return { lines: [], nextOffset: offset, done: place.end !== null };
  const sources = await logSources(path, place);
  try {
    const bytes = await readSources(sources, offset, limitBytes);
    return pageOf(bytes, offset, place, options.level ?? 'debug', sources);
  } finally {
    await Promise.all(sources.map(({ file }) => file.close()));
  }
}

/**
 * Yields pages as they are written, until `isOver` says that the attempt ended and its last line was read, or `signal` fires.
 *
 * @param currentPlace is asked before each look: the end becomes known only when the attempt ends
 */
export async function* followAttemptLog(
  folder: string,
  currentPlace: () => Promise<LogPlace & { readonly isOver: boolean }>,
  options: LogPageOptions & { readonly pollMs?: number; readonly signal?: AbortSignal } = {},
): AsyncGenerator<LogPage> {
  let offset = options.offset ?? 0;
  while (options.signal?.aborted !== true) {
    const place = await currentPlace();
    const page = await readAttemptLog(folder, place, { ...options, offset });
    const moved = page.nextOffset !== offset;
    offset = page.nextOffset;
    if (moved || page.done) yield page;
    if (page.done || (place.isOver && !moved)) return;
    if (!moved) await pause(options.pollMs ?? 250, options.signal);
  }
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

interface LogSource {
  readonly file: FileHandle;
  readonly from: number;
  readonly size: number;
}

/** The range in the segment, then (only of an attempt that ran beyond its head and did not end) its side files. */
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

/** Whole lines from `offset`, at most `limitBytes` unless the first line is longer. */
async function readSources(
  sources: readonly LogSource[],
  offset: number,
  limitBytes: number,
): Promise<Buffer> {
  for (let limit = limitBytes; ; limit = MAX_LINE_BYTES) {
    const bytes = await readRange(sources, offset, limit);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end > 0 || bytes.length < limit || limit >= MAX_LINE_BYTES) return bytes.subarray(0, end);
  }
}

async function readRange(sources: readonly LogSource[], offset: number, limit: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(limit);
  let filled = 0;
  let skip = offset;
  for (const { file, from, size } of sources) {
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

function pageOf(
  bytes: Buffer,
  offset: number,
  place: LogPlace,
  level: LogLevel,
  sources: readonly LogSource[],
): LogPage {
  const lines: LogLine[] = [];
  let attemptId = place.attemptId;
  let read = 0;
  let foreign = false;
  while (read < bytes.length && !foreign) {
    const end = bytes.indexOf(0x0a, read) + 1;
    const line = parseLine(bytes.toString('utf8', read, end - 1), attemptId ?? 0);
    attemptId ??= line.attemptId;
    foreign = place.end === null && line.attemptId !== attemptId;
    if (foreign) break;
    read = end;
    if (isAtLeast(line.level, level)) lines.push(line);
  }
  const nextOffset = offset + read;
  const total = sources.reduce((sum, { size }) => sum + size, 0);
  return { lines, nextOffset, done: foreign || (place.end !== null && nextOffset >= total) };
}

/** A line that a crash left unreadable is shown as it is. */
function parseLine(text: string, attemptId: number): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return { at: new Date(0).toISOString(), level: 'warn', source: 'system', message: text, attemptId };
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
