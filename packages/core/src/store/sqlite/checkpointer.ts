import { Worker } from 'node:worker_threads';

/**
 * Moves what was committed from the write-ahead log to the database file, on a thread of its own: a scheduler that did it inside a
 * commit would spend a fifth of its time on it. Optional: without it the writer does it when the log has grown.
 */
export class Checkpointer {
  readonly #worker: Worker;

  constructor(file: string) {
    this.#worker = new Worker(new URL('./checkpoint-worker.js', import.meta.url), { workerData: file });
    this.#worker.on('error', () => undefined);
    this.#worker.unref();
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
