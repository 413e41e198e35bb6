import { LOG_LEVELS, type LogLevel, type LogLine, parseLogLine } from './log-line.ts';
import { type LogPlace, LogSources } from './log-sources.ts';

/** A line with its number in the whole log of the attempt, from 1. */
export interface NumberedLogLine extends LogLine {
  readonly number: number;
}

/** Which lines somebody wants to see: a window of the rows that pass `level`. */
export interface LogWindowOptions {
  /** First row, from 0; below 0 it counts from the end. Default 0. */
  readonly from?: number;
  /** Instead of `from`: the window that has this line (a number from 1) in its middle. */
  readonly line?: number;
  /** Default 500. */
  readonly count?: number;
  /** Rows are the lines of this level and above. Default: every line. */
  readonly level?: LogLevel;
}

export interface LogWindow {
  /** Row of the first line below. */
  readonly from: number;
  /** May be fewer than asked for when they are long. */
  readonly lines: readonly NumberedLogLine[];
  /** Rows in all. */
  readonly total: number;
  /** Lines in all, also those below `level`. */
  readonly lineCount: number;
  /** Row of the line asked for, or of the next one that passes `level`; null without one. */
  readonly row: number | null;
  /** Row of the first error; null when there is none. */
  readonly firstErrorRow: number | null;
  /** Byte behind the last line: where a reader goes on to follow. */
  readonly nextOffset: number;
}

export interface LogHits {
  /** Lines that have the text. */
  readonly total: number;
  /** Rows of the first of them, ascending. */
  readonly rows: readonly number[];
}

/** A block is what one random access reads: long enough that a gigabyte has few, short enough to be read in a millisecond. */
const BLOCK_BYTES = 256 * 1024;
/** Bytes after which a window ends early, so that 500 lines of 64 KiB are no answer of 32 MiB. */
const WINDOW_BYTES = 2 * 1024 * 1024;
const DEFAULT_COUNT = 500;
/** More hits than anybody steps through; the count goes on. */
const MAX_HIT_ROWS = 20_000;
/** Indexes that are kept: some kilobytes each. */
const MAX_KEPT = 64;

/**
 * Random access to the lines of logs, by number, and search over the whole of one: what a reader of a log that is too long to be held
 * needs. The first question reads the log once; after that an index says where each block of lines begins and how many lines of each
 * level lie before it. A log that grows is read on from where the index ends.
 */
export class LogIndexes {
  readonly #folder: string;
  readonly #kept = new Map<string, LogIndex>();

  /** @param folder the log folder */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A log that does not exist (yet) is an empty window. */
  async window(place: LogPlace, options: LogWindowOptions = {}): Promise<LogWindow> {
    await using sources = await LogSources.open(this.#folder, place);
    const index = sources === null ? new LogIndex() : await this.#indexed(sources, place);
    const least = LOG_LEVELS.indexOf(options.level ?? 'debug');
    const total = rowsBefore(index.end, least);
    const count = Math.max(1, options.count ?? DEFAULT_COUNT);
    const { line } = options;
    const row = line === undefined || sources === null ? null : await rowOfLine(sources, index, line, least);
    const asked = row === null ? (options.from ?? 0) : row - Math.floor(count / 2);
    const from = Math.min(total, Math.max(0, asked < 0 && row === null ? total + asked : asked));
    return {
      from,
      lines: sources === null ? [] : await readRows(sources, index, from, count, least, place.attemptId ?? 0),
      total,
      lineCount: index.end.lines,
      row,
      firstErrorRow: index.firstError === null ? null : rowsBefore(index.firstError, least),
      nextOffset: index.end.offset,
    };
  }

  /**
   * Lines whose message or fields have `find` in them, whatever the case. `signal` ends it early: nobody waits for the answer.
   */
  async search(
    place: LogPlace,
    find: string,
    options: { readonly level?: LogLevel; readonly signal?: AbortSignal } = {},
  ): Promise<LogHits> {
    await using sources = await LogSources.open(this.#folder, place);
    if (sources === null || find === '') return { total: 0, rows: [] };
    const index = await this.#indexed(sources, place);
    const least = LOG_LEVELS.indexOf(options.level ?? 'debug');
    const needle = find.toLowerCase();
    const raw = escaped(needle);
    const rows: number[] = [];
    let total = 0;
    for (let at = 0; at < index.blocks.length && options.signal?.aborted !== true; at += 1) {
      const block = index.blocks[at]!;
      const bytes = await readBlock(sources, index, at);
      const text = bytes.toString('utf8');
      if (!text.toLowerCase().includes(raw)) continue;
      let row = rowsBefore(block, least);
      for (const line of text.split('\n')) {
        if (line === '' || levelOf(line) < least) continue;
        if (hasText(line, needle, raw)) {
          total += 1;
          if (rows.length < MAX_HIT_ROWS) rows.push(row);
        }
        row += 1;
      }
    }
    return { total, rows };
  }

  async #indexed(sources: LogSources, place: LogPlace): Promise<LogIndex> {
    const key = `${place.segment}:${place.start}`;
    const index = this.#kept.get(key) ?? new LogIndex();
    this.#kept.delete(key);
    this.#kept.set(key, index);
    if (this.#kept.size > MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    await index.extend(sources, sources.settledSize, place);
    if (sources.size === sources.settledSize) return index;
    // Side files are emptied in turns while the attempt runs: what is known of them is good for one answer.
    const whole = index.copy();
    await whole.extend(sources, sources.size, place);
    return whole;
  }
}

/** How much lies before a place in the log: bytes, lines, and lines by level. */
interface Mark {
  readonly offset: number;
  readonly lines: number;
  readonly byLevel: readonly number[];
}

class LogIndex {
  readonly blocks: Mark[] = [];
  end: Mark = { offset: 0, lines: 0, byLevel: LOG_LEVELS.map(() => 0) };
  firstError: Mark | null = null;
  /** A line of another attempt was met: nothing of this one follows. */
  #isClosed = false;
  #extending: Promise<void> = Promise.resolve();

  /** Where block `at` ends. */
  endOf(at: number): Mark {
    return this.blocks[at + 1] ?? this.end;
  }

  /** Takes in what was written since, up to `size`. Two at once wait for one another. */
  extend(sources: LogSources, size: number, place: LogPlace): Promise<void> {
    this.#extending = this.#extending.catch(() => {}).then(() => this.#extend(sources, size, place));
    return this.#extending;
  }

  copy(): LogIndex {
    const copy = new LogIndex();
    copy.blocks.push(...this.blocks);
    copy.end = this.end;
    copy.firstError = this.firstError;
    copy.#isClosed = this.#isClosed;
    return copy;
  }

  async #extend(sources: LogSources, size: number, place: LogPlace): Promise<void> {
    while (!this.#isClosed && this.end.offset < size) {
      // The last block of a growing log is filled up, or one that is followed would become a block a line.
      const last = this.blocks.at(-1);
      const isRoom = last !== undefined && this.end.offset - last.offset < BLOCK_BYTES / 2;
      const bytes = await sources.wholeLines(this.end.offset, isRoom ? BLOCK_BYTES / 2 : BLOCK_BYTES, size);
      if (bytes.length === 0) return;
      if (!isRoom) this.blocks.push(this.end);
      this.#take(bytes, place);
    }
  }

  #take(bytes: Buffer, place: LogPlace): void {
    const own = place.end === null && place.attemptId !== undefined ? ownMark(place.attemptId) : null;
    const mayBeForeign = own !== null && !own(bytes, bytes.lastIndexOf(0x0a, bytes.length - 2) + 1);
    const byLevel = [...this.end.byLevel];
    let { lines } = this.end;
    let read = 0;
    while (read < bytes.length) {
      if (mayBeForeign && !own(bytes, read)) {
        this.#isClosed = true;
        break;
      }
      const end = bytes.indexOf(0x0a, read) + 1;
      const level = levelAt(bytes, read, end);
      if (level === ERROR && this.firstError === null)
        this.firstError = { offset: this.end.offset + read, lines, byLevel: [...byLevel] };
      byLevel[level]! += 1;
      lines += 1;
      read = end;
    }
    this.end = { offset: this.end.offset + read, lines, byLevel };
  }
}

const ERROR = LOG_LEVELS.indexOf('error');

/** Rows of the view "`least` and above" before a place. */
function rowsBefore(mark: Mark, least: number): number {
  let rows = 0;
  for (let level = least; level < mark.byLevel.length; level += 1) rows += mark.byLevel[level]!;
  return rows;
}

/** The row of a line: how many rows are before it. */
async function rowOfLine(
  sources: LogSources,
  index: LogIndex,
  line: number,
  least: number,
): Promise<number | null> {
  const before = Math.min(Math.max(1, line), index.end.lines) - 1;
  if (least === 0 || before < 0) return Math.max(0, before);
  const at = lastBlock(index.blocks, (mark) => mark.lines <= before);
  const block = index.blocks[at]!;
  const bytes = await readBlock(sources, index, at);
  let row = rowsBefore(block, least);
  for (let read = 0, lines = block.lines; lines < before; lines += 1) {
    const end = bytes.indexOf(0x0a, read) + 1;
    if (levelAt(bytes, read, end) >= least) row += 1;
    read = end;
  }
  return Math.min(row, Math.max(0, rowsBefore(index.end, least) - 1));
}

async function readRows(
  sources: LogSources,
  index: LogIndex,
  from: number,
  count: number,
  least: number,
  attemptId: number,
): Promise<NumberedLogLine[]> {
  const found: NumberedLogLine[] = [];
  let size = 0;
  const first = lastBlock(index.blocks, (mark) => rowsBefore(mark, least) <= from);
  for (let at = Math.max(0, first); at < index.blocks.length; at += 1) {
    const block = index.blocks[at]!;
    let row = rowsBefore(block, least);
    if (rowsBefore(index.endOf(at), least) === row) continue;
    const bytes = await readBlock(sources, index, at);
    for (let read = 0, number = block.lines + 1; read < bytes.length; number += 1) {
      const begin = read;
      read = bytes.indexOf(0x0a, begin) + 1;
      if (levelAt(bytes, begin, read) < least) continue;
      if (row >= from) {
        found.push({ ...parseLogLine(bytes.toString('utf8', begin, read - 1), attemptId), number });
        size += read - begin;
        if (found.length >= count || size >= WINDOW_BYTES) return found;
      }
      row += 1;
    }
  }
  return found;
}

/** A block as it was indexed: one with a long line is longer than others. */
function readBlock(sources: LogSources, index: LogIndex, at: number): Promise<Buffer> {
  const { offset } = index.blocks[at]!;
  return sources.wholeLines(offset, index.endOf(at).offset - offset);
}

/** The last block that `fits`; those that fit come first. -1 when there is none. */
function lastBlock(blocks: readonly Mark[], fits: (mark: Mark) => boolean): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (fits(blocks[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the level stands in a line as it is written: behind `{"at":"2026-01-31T00:00:00.000Z","level":"`. */
const LEVEL_AT = 42;
const LEVEL_BY_LETTER = new Map(LOG_LEVELS.map((level, at) => [level.charCodeAt(0), at]));

/** The level of the line at `begin`, without parsing it: there are millions. One that looks otherwise is parsed. */
function levelAt(bytes: Buffer, begin: number, end: number): number {
  const level =
    bytes[begin + LEVEL_AT - 1] === 0x22 && bytes[begin + LEVEL_AT - 2] === 0x3a && begin + LEVEL_AT < end
      ? LEVEL_BY_LETTER.get(bytes[begin + LEVEL_AT]!)
      : undefined;
  return level ?? parsedLevel(bytes.toString('utf8', begin, end - 1));
}

/** The same of a line that is text already. */
function levelOf(line: string): number {
  const level = line.startsWith('":"', LEVEL_AT - 3)
    ? LEVEL_BY_LETTER.get(line.charCodeAt(LEVEL_AT))
    : undefined;
  return level ?? parsedLevel(line);
}

function parsedLevel(line: string): number {
  const level = LOG_LEVELS.indexOf(parseLogLine(line, 0).level);
  return level < 0 ? LOG_LEVELS.indexOf('info') : level;
}

/** Whether the line at a place is the attempt's: its id stands behind the message, in which quotes are escaped. */
function ownMark(attemptId: number): (bytes: Buffer, begin: number) => boolean {
  const key = Buffer.from(',"attemptId":');
  const own = Buffer.from(String(attemptId));
  return (bytes, begin) => {
    const end = bytes.indexOf(0x0a, begin);
    const at = bytes.indexOf(key, begin);
    // A line that a crash cut off belongs to the one whose runner crashed.
    if (at < 0 || at > end) return true;
    const digits = at + key.length;
    const next = bytes[digits + own.length];
    return bytes.subarray(digits, digits + own.length).equals(own) && (next === 0x7d || next === 0x2c);
  };
}

/** `needle` as it stands in JSON. */
function escaped(needle: string): string {
  return JSON.stringify(needle).slice(1, -1).toLowerCase();
}

/** Whether the message or the fields of a raw line have the text: the line's own keys and its instant do not count. */
function hasText(line: string, needle: string, raw: string): boolean {
  const low = line.toLowerCase();
  if (!low.includes(raw)) return false;
  const begin = low.indexOf('"message":"');
  const end = low.indexOf('","attemptid":', begin);
  // An escape may hold letters of its own (`\n`); those lines, and strange ones, are read properly.
  if (begin < 0 || end < 0 || low.includes('\\')) {
    const { message, fields } = parseLogLine(line, 0);
    return `${message} ${fields === undefined ? '' : JSON.stringify(fields)}`.toLowerCase().includes(needle);
  }
  const inMessage = low.indexOf(raw, begin + 11);
  if (inMessage >= 0 && inMessage + raw.length <= end) return true;
  const fields = low.indexOf(',"fields":', end);
  return fields >= 0 && low.indexOf(raw, fields + 10) >= 0;
}
