import type { JsonObject } from '../json.ts';
import { cutMessage, cutText, type LogLevel, type LogSource, logFields } from './log-line.ts';
import type { LogSegment, SideFile } from './log-segment.ts';
import { LONGEST_SECRET, OutputLines } from './output-lines.ts';
import type { SecretMasker } from './secret-masker.ts';

/** Lines of the tail are moved to disk in pieces of this length, in characters. */
const TAIL_BATCH = 64 * 1024;

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
  #outputs: Map<LogSource, OutputLines> | null = null;
  #tail: [SideFile, SideFile] | null = null;
  /** The half that grows now. */
  #growing: 0 | 1 = 0;
  #tailPending = '';
  #droppedBytes = 0;
  #lostBatches = 0;
  /** What the segment had lost before this attempt. */
  readonly #lostBefore: number;
  /** It holds more than tsflow's own routine lines, so somebody may look for it as soon as the attempt has ended. */
  #isWorthReading = false;
  #closed = false;

  constructor(options: AttemptLogOptions) {
    this.#options = options;
    this.#headBytes = options.headBytes ?? DEFAULT_PART_BYTES;
    this.#tailBytes = options.tailBytes ?? DEFAULT_PART_BYTES;
    this.#start = options.segment.position;
    this.#lostBefore = options.segment.lostBytes;
  }

  get segment(): string {
    return this.#options.segment.name;
  }

  get start(): number {
    return this.#start;
  }

  /**
   * Adds a message; one of several lines (a stack) becomes as many. After {@link close} it is dropped: what an attempt left behind
   * does not write into the next one's log.
   */
  write(
    level: LogLevel,
    source: LogSource,
    message: string,
    fields?: Readonly<Record<string, unknown>>,
  ): void {
    if (this.#closed) return;
    if (source !== 'system' || level !== 'info') this.#isWorthReading = true;
    const { masker } = this.#options;
    const whole = cutMessage(masker.mask(message));
    const facts = fields === undefined ? undefined : { fields: masker.maskJson(logFields(fields)) };
    if (!whole.includes('\n')) return this.#append(level, source, whole, facts);
    whole.split(/\r?\n/).forEach((part, i) => {
      this.#append(level, source, part, i === 0 ? facts : undefined);
    });
  }

  /** Adds a piece of what the task printed. A line is written once it is whole, so that a secret split over two writes is seen. */
  print(source: 'stdout' | 'stderr', chunk: string | Uint8Array): void {
    if (this.#closed) return;
    this.#outputs ??= new Map();
    let output = this.#outputs.get(source);
    if (output === undefined) {
      const level = source === 'stdout' ? 'info' : 'warn';
      output = new OutputLines((line, length) => this.#writeOutput(level, source, line, length));
      this.#outputs.set(source, output);
    }
    output.push(chunk);
  }

  /** What was written so far is on disk when this returns. */
  flush(): void {
    this.#options.segment.flush();
    this.#flushTail();
  }

  /**
   * Ends the log and returns the byte after its last line. A log that says nothing but that the attempt began may reach the disk a
   * moment later, with those of other attempts.
   */
  close(): number {
    if (this.#closed) return this.#options.segment.position;
    for (const output of this.#outputs?.values() ?? []) output.end();
    this.#closed = true;
    if (this.#isWorthReading) this.flush();
    this.#tellLoss();
    if (this.#tail !== null) this.#moveTail(this.#tail);
    return this.#options.segment.position;
  }

  /** In front of the tail, if there is one. When there is still no space, this is lost too. */
  #tellLoss(): void {
    const lost = this.#options.segment.lostBytes - this.#lostBefore;
    if (lost === 0) return;
    this.#appendSystem(`The log was truncated: ${lost} bytes found no space on the disk.`);
    this.#options.segment.flush();
  }

  #writeOutput(level: LogLevel, source: LogSource, line: string, length: number): void {
    if (this.#closed) return;
    this.#isWorthReading = true;
    const masked = this.#options.masker.mask(line);
    // Where the line broke off there may be the first half of a secret, which is not recognised as one.
    const text =
      length === line.length ? cutMessage(masked) : cutText(masked.slice(0, -LONGEST_SECRET), length);
    this.#append(level, source, text);
  }

  #append(
    level: LogLevel,
    source: LogSource,
    message: string,
    facts?: { readonly fields: JsonObject },
  ): void {
    const { attemptId, now, segment } = this.#options;
    const line = { at: new Date(now()).toISOString(), level, source, message, attemptId, ...facts };
    const text = `${JSON.stringify(line)}\n`;
    const length = segment.position - this.#start + text.length;
    if (this.#tail === null && length <= this.#headBytes) segment.append(text);
    else this.#appendToTail(text);
  }

  #appendToTail(text: string): void {
    const { segment } = this.#options;
    this.#tail ??= [segment.sideFile(this.#start, 0), segment.sideFile(this.#start, 1)];
    this.#tailPending += text;
    if (this.#tailPending.length >= TAIL_BATCH) this.#flushTail();
  }

  #flushTail(): void {
    if (this.#tail === null || this.#tailPending === '') return;
    const bytes = Buffer.from(this.#tailPending);
    this.#tailPending = '';
    try {
      if (this.#tail[this.#growing].size + bytes.length > this.#tailBytes / 2) {
        this.#growing = this.#growing === 0 ? 1 : 0;
        this.#droppedBytes += this.#tail[this.#growing].size;
        this.#tail[this.#growing].empty();
      }
      this.#tail[this.#growing].append(bytes);
    } catch {
      this.#lostBatches += 1;
    }
  }

  #appendSystem(message: string): void {
    const { segment, attemptId, now } = this.#options;
    const line = { at: new Date(now()).toISOString(), level: 'warn', source: 'system', message, attemptId };
    segment.append(`${JSON.stringify(line)}\n`);
  }

  #moveTail(tail: readonly [SideFile, SideFile]): void {
    const { segment } = this.#options;
    if (this.#droppedBytes + this.#lostBatches > 0)
      this.#appendSystem(truncatedMessage(this.#droppedBytes, this.#lostBatches));
    segment.flush();
    try {
      for (const part of [this.#growing === 0 ? tail[1] : tail[0], tail[this.#growing]]) {
        for (const piece of part.pieces()) segment.write(piece);
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
