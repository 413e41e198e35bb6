import type { Socket } from 'node:net';
import { TsflowError } from '@tsflow/core/errors';
import { MAX_LINE_BYTES } from './protocol.ts';

/** Thrown when the other side sends what is not one JSON value a line, or a line that is too long. The connection is closed. */
export class ProtocolError extends TsflowError {
  constructor(message: string, options?: ErrorOptions) {
    super('task_api_protocol', message, options);
  }
}

const NEWLINE = 0x0a;
const LAZY_MS = 50;

/** Cuts a stream of bytes into lines. A line that came in one piece is not copied; one in many pieces is joined once. */
export class LineSplitter {
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Calls `onLine` with each line that `chunk` completes. Throws {@link ProtocolError} on a line above 8 MiB. */
  push(chunk: Buffer, onLine: (line: string) => void): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const line =
        this.#bytes === 0 ? chunk.toString('utf8', from, end) : this.#join(chunk.subarray(from, end));
      from = end + 1;
      onLine(line);
    }
    if (from === chunk.length) return;
    this.#bytes += chunk.length - from;
    if (this.#bytes > MAX_LINE_BYTES) {
      throw new ProtocolError(`A line of the task API may have ${MAX_LINE_BYTES} bytes; this one has more.`);
    }
    this.#pieces.push(chunk.subarray(from));
  }

  #join(last: Buffer): string {
    const line = Buffer.concat([...this.#pieces, last]).toString();
    this.#pieces = [];
    this.#bytes = 0;
    return line;
  }
}

/**
 * Writes messages as lines; those of one tick leave in one system call. Messages are few (a grant, an outcome), so nothing here
 * waits for the other side: what it does not read stays in this process, bounded by what was asked of it.
 */
export class LineWriter<Message> {
  readonly #socket: Socket;
  #pending = '';
  #scheduled = false;
  #lazy: NodeJS.Timeout | null = null;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  send(message: Message): void {
    this.#pending += `${JSON.stringify(message)}\n`;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  /** Sends with the next message, or after 50 ms: for what the other side does not wait for. Saves it from being woken twice. */
  sendLazily(message: Message): void {
    this.#pending += `${JSON.stringify(message)}\n`;
    if (!this.#scheduled) this.#lazy ??= setTimeout(() => this.flush(), LAZY_MS);
  }

  /** Hands everything to the system now. Node writes to a local socket at once when it has room, so it survives a crash right after. */
  flush(): void {
    this.#scheduled = false;
    if (this.#lazy !== null) clearTimeout(this.#lazy);
    this.#lazy = null;
    if (this.#pending === '' || this.#socket.destroyed) return;
    const text = this.#pending;
    this.#pending = '';
    this.#socket.write(text);
  }
}

/** The JSON value of `line`. Throws {@link ProtocolError} unless it is an object. */
export function parseLine<Message>(line: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new ProtocolError('The task API expects one JSON object a line.', { cause });
  }
  if (typeof value !== 'object' || value === null || typeof (value as { verb?: unknown }).verb !== 'string') {
    throw new ProtocolError('A message of the task API is an object with a verb.');
  }
  return value as Message;
}
