import { answer, apiRoot, client } from '../api/client.ts';
import type { LogLine, LogPage } from '../api/contract.ts';

/** Above this many lines the viewer stops reading ahead; the raw log has the rest. */
const MOST_LINES = 500_000;
const PAGE_BYTES = 1_048_576;

export interface LogKey {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly attemptId: string;
}

/** The lines of one attempt as far as they are read: page by page what is there, then live what comes. */
export class LogBuffer {
  readonly #key: LogKey;
  readonly #listeners = new Set<() => void>();
  #lines: LogLine[] = [];
  #offset = 0;
  #isDone = false;
  #isFull = false;
  #error: unknown = null;
  #version = 0;
  #stopped = false;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(key: LogKey) {
    this.#key = key;
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** True when the attempt has ended and every line of it is here. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  get error(): unknown {
    return this.#error;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): number => this.#version;

  start(): () => void {
    this.#stopped = false;
    void this.#read();
    return () => {
      this.#stopped = true;
      this.#source?.close();
      clearTimeout(this.#timer);
    };
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const page = await answer(
          client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/log', {
            params: {
              path: { ...this.#key, attemptId: Number(this.#key.attemptId) },
              query: { offset: this.#offset, limitBytes: PAGE_BYTES },
            },
          }),
        );
        if (this.#stopped) return;
        const isStill = page.nextOffset === this.#offset;
        this.#take(page);
        if (page.done || this.#isFull) return;
        if (isStill || page.lines.length === 0) break;
      }
      this.#follow();
    } catch (error) {
      if (this.#stopped) return;
      this.#error = error;
      this.#tell();
    }
  }

  #follow(): void {
    const source = new EventSource(`${logUrl(this.#key)}/stream?offset=${this.#offset}`);
    this.#source = source;
    source.addEventListener('lines', (event) => {
      const page = JSON.parse((event as MessageEvent<string>).data) as Partial<LogPage> & { offset?: number };
      const known = page.offset !== undefined && page.offset < this.#offset;
      if (page.lines && !known)
        this.#take({ lines: page.lines, nextOffset: page.nextOffset ?? this.#offset, done: false });
    });
    source.addEventListener('end', () => {
      source.close();
      this.#isDone = true;
      this.#tell();
    });
    // A broken stream is read on by pages: they know the offset, and open the stream anew when they caught up.
    source.onerror = () => {
      source.close();
      if (!this.#stopped && !this.#isDone) this.#timer = setTimeout(() => void this.#read(), 1_500);
    };
  }

  #take(page: LogPage): void {
    if (page.lines.length > 0) this.#lines = [...this.#lines, ...page.lines];
    this.#offset = page.nextOffset;
    this.#isDone = page.done;
    this.#isFull = this.#lines.length >= MOST_LINES;
    this.#error = null;
    this.#tell();
  }

  #tell(): void {
    this.#version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** The address of an attempt's log; `.txt` behind it is the plain text. */
export function logUrl({ dagId, runId, taskId, attemptId }: LogKey): string {
  const part = encodeURIComponent;
  return `${apiRoot}/dags/${part(dagId)}/runs/${part(runId)}/tasks/${part(taskId)}/attempts/${part(attemptId)}/log`;
}
