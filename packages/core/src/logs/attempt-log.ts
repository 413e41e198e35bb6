import { cutMessage, type LogLevel, type LogSource, logFields } from './log-line.ts';
import type { LogSegment, SideFile } from './log-segment.ts';
import { OutputLines } from './output-lines.ts';
import type { SecretMasker } from './secret-masker.ts';

/** The newest lines are on disk after this long at the latest, for those who follow the log. */
const FLUSH_MS = 200;
const FLUSH_BYTES = 64 * 1024;

export interface AttemptLogOptions {
  readonly segment: LogSegment;
  readonly attemptId: number;
  readonly masker: SecretMasker;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** Bytes kept from the beginning, and as many again from the end. Default 50 MB each. */
  readonly headBytes?: number;
  readonly tailBytes?: number;
}

const DEFAULT_PART_BYTES = 50 * 1024 * 1024;

/**
 * The log of one attempt: lines masked, cut and appended in batches to its runner's segment. Its place there is one range of
 * bytes. Beyond `headBytes` only the newest `tailBytes` are kept: they wait in two side files beside the segment and are moved
 * behind the head when the attempt ends, with a line that says what is missing. Memory stays below a few hundred kilobytes.
 *
 * Nothing here throws: a task ends with its right state also when the log disk is full.
 */
export class AttemptLog {
  readonly #options: AttemptLogOptions;
  readonly #headBytes: number;
  readonly #tailBytes: number;
  readonly #start: number;
  readonly #outputs = new Map<LogSource, OutputLines>();
  #pending = '';
  #timer: NodeJS.Timeout | null = null;
  #tail: [SideFile, SideFile] | null = null;
  /** The half that grows now. */
  #growing: 0 | 1 = 0;
  #droppedBytes = 0;
  #lostLines = 0;
  #closed = false;

  constructor(options: AttemptLogOptions) {
    this.#options = options;
    this.#headBytes = options.headBytes ?? DEFAULT_PART_BYTES;
    this.#tailBytes = options.tailBytes ?? DEFAULT_PART_BYTES;
    this.#start = options.segment.position;
  }

  get segment(): string {
    return this.#options.segment.name;
  }

  get start(): number {
    return this.#start;
  }

  /** Adds a line. After {@link close} it is dropped: what an attempt left behind does not write into the next one's log. */
  write(
    level: LogLevel,
    source: LogSource,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void {
    if (this.#closed) return;
    const { attemptId, masker, now } = this.#options;
    const line = {
      at: new Date(now()).toISOString(),
      level,
      source,
      message: cutMessage(masker.mask(message)),
      attemptId,
      ...(fields === undefined ? undefined : { fields: masker.maskJson(logFields(fields)) }),
    };
    this.#pending += `${JSON.stringify(line)}\n`;
    if (this.#pending.length >= FLUSH_BYTES) this.flush();
    else this.#flushSoon();
  }

  /** Adds a piece of what the task printed. A line is written once it is whole, so that a secret split over two writes is seen. */
  print(source: 'stdout' | 'stderr', chunk: string | Uint8Array): void {
    if (this.#closed) return;
    let output = this.#outputs.get(source);
    if (output === undefined) {
      const level = source === 'stdout' ? 'info' : 'warn';
      output = new OutputLines((message, length) => this.write(level, source, cutMessage(message, length)));
      this.#outputs.set(source, output);
    }
    output.push(chunk);
  }

  /** What was written so far is in the file when this returns. */
  flush(): void {
    clearTimeout(this.#timer ?? undefined);
    this.#timer = null;
    if (this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    if (
      this.#tail === null &&
      this.#options.segment.position - this.#start + text.length <= this.#headBytes
    ) {
      if (!this.#options.segment.append(text)) this.#lostLines += 1;
    } else {
      this.#appendToTail(Buffer.from(text));
    }
  }

  /** Writes the last lines and returns the byte after them. The second call changes nothing. */
  close(): number {
    if (!this.#closed) {
      for (const output of this.#outputs.values()) output.end();
      this.flush();
      this.#closed = true;
      if (this.#tail !== null) this.#moveTail(this.#tail);
    }
    return this.#options.segment.position;
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  #appendToTail(bytes: Buffer): void {
    const { segment } = this.#options;
    this.#tail ??= [segment.sideFile(this.#start, 0), segment.sideFile(this.#start, 1)];
    try {
      if (this.#tail[this.#growing].size + bytes.length > this.#tailBytes / 2) {
        this.#growing = this.#growing === 0 ? 1 : 0;
        this.#droppedBytes += this.#tail[this.#growing].size;
        this.#tail[this.#growing].empty();
      }
      this.#tail[this.#growing].append(bytes);
    } catch {
      this.#lostLines += 1;
    }
  }

  #moveTail(tail: readonly [SideFile, SideFile]): void {
    const { segment, attemptId, now } = this.#options;
    const message =
      this.#droppedBytes + this.#lostLines === 0
        ? null
        : truncatedMessage(this.#droppedBytes, this.#lostLines);
    if (message !== null) {
      const line = { at: new Date(now()).toISOString(), level: 'warn', source: 'system', message, attemptId };
      segment.append(`${JSON.stringify(line)}\n`);
    }
    try {
      for (const part of [this.#growing === 0 ? tail[1] : tail[0], tail[this.#growing]]) {
        for (const piece of part.pieces()) segment.append(piece);
        part.remove();
      }
    } catch {
      // The disk is full or gone: the head stays readable, and the state of the task does not depend on its log.
    }
  }
}

function truncatedMessage(droppedBytes: number, lostLines: number): string {
  const lost = lostLines === 0 ? '' : `, and ${lostLines} batches could not be written`;
  return `The log was truncated: ${droppedBytes} bytes in the middle were dropped${lost}.`;
}
