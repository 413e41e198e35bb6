import { StringDecoder } from 'node:string_decoder';
import { MAX_MESSAGE_LENGTH } from './log-line.ts';

/** Longer secrets are not found where a line is cut. */
export const LONGEST_SECRET = 8 * 1024;

/** Beyond this a line is only counted: masking sees whole secrets also at the place where the line is cut. */
const KEPT_LENGTH = MAX_MESSAGE_LENGTH + LONGEST_SECRET;

/**
 * Turns what a task prints, in any pieces, into lines. Holds at most one line of bounded length. Bytes that are not UTF-8 become
 * U+FFFD; `\r\n` ends a line, and a lone `\r` (a progress bar) too, so that each state of the bar is not one endless line.
 */
export class OutputLines {
  readonly #onLine: (message: string, length: number) => void;
  readonly #decoder = new StringDecoder('utf8');
  #line = '';
  /** Length of the line so far, also of what was not kept. */
  #length = 0;
  #afterReturn = false;

  /** @param onLine gets what was kept of a line and how long it was */
  constructor(onLine: (message: string, length: number) => void) {
    this.#onLine = onLine;
  }

  push(chunk: string | Uint8Array): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk as Buffer);
    let from = 0;
    for (const { 0: ending, index } of text.matchAll(/\r\n|\n|\r/g)) {
      this.#add(text, from, index);
      from = index + ending.length;
      const rest = this.#afterReturn && ending === '\n' && index === 0;
      this.#afterReturn = ending === '\r' && from === text.length;
      if (!rest) this.#emit();
    }
    this.#add(text, from, text.length);
  }

  /** The last line may have no end. */
  end(): void {
    this.push(this.#decoder.end());
    if (this.#length > 0) this.#emit();
  }

  #add(text: string, from: number, to: number): void {
    if (from === to) return;
    this.#afterReturn = false;
    const room = KEPT_LENGTH - this.#line.length;
    if (room > 0) this.#line += text.slice(from, Math.min(to, from + room));
    this.#length += to - from;
  }

  #emit(): void {
    const [line, length] = [this.#line, this.#length];
    this.#line = '';
    this.#length = 0;
    this.#onLine(line, length);
  }
}
