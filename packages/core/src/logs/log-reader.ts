import { isAtLeast, type LogLevel, type LogLine, parseLogLine } from './log-line.ts';
import { type LogPlace, LogSources } from './log-sources.ts';

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
  await using sources = await LogSources.open(folder, place);
  if (sources === null) return { lines: [], nextOffset: offset, done: place.end !== null };
  const bytes = await sources.wholeLines(offset, limitBytes);
  return pageOf(bytes, offset, place, options.level ?? 'debug', sources.size);
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

function pageOf(bytes: Buffer, offset: number, place: LogPlace, level: LogLevel, size: number): LogPage {
  const lines: LogLine[] = [];
  let attemptId = place.attemptId;
  let read = 0;
  let foreign = false;
  while (read < bytes.length && !foreign) {
    const end = bytes.indexOf(0x0a, read) + 1;
    const line = parseLogLine(bytes.toString('utf8', read, end - 1), attemptId ?? 0);
    attemptId ??= line.attemptId;
    foreign = place.end === null && line.attemptId !== attemptId;
    if (foreign) break;
    read = end;
    if (isAtLeast(line.level, level)) lines.push(line);
  }
  const nextOffset = offset + read;
  return { lines, nextOffset, done: foreign || (place.end !== null && nextOffset >= size) };
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
