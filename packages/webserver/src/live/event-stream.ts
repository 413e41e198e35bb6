import type { Response } from 'express';

/** Bytes that may wait for a slow reader before it counts as behind. */
const MAX_WAITING_BYTES = 1_048_576;

/** Writes server-sent events into an answer. */
export class EventStream {
  readonly #response: Response;

  /** Sends the headers at once: a browser then knows that it is connected. */
  constructor(response: Response) {
    this.#response = response;
    response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      // nginx would collect events until its buffer is full.
      'X-Accel-Buffering': 'no',
    });
    response.flushHeaders();
  }

  /** True while more than 1 MiB waits to be read: send nothing, or give the reader up. */
  get isBehind(): boolean {
    return this.#response.writableLength > MAX_WAITING_BYTES;
  }

  get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  /** `data` is sent as JSON, which has no line breaks. `id` comes back as Last-Event-ID when the reader reconnects. */
  send(event: string, data: unknown, id?: string): void {
    if (!this.isOpen) return;
    this.#response.write(
      `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
  }

  /** A comment, which readers ignore and proxies count as life; `id` moves the reader's position without an event. */
  comment(text: string, id?: string): void {
    if (this.isOpen) this.#response.write(`: ${text}\n${id === undefined ? '' : `id: ${id}\n`}\n`);
  }

  close(): void {
    if (this.isOpen) this.#response.end();
  }

  /** Cuts the connection without sending what waits. */
  drop(): void {
    this.#response.destroy();
  }
}
