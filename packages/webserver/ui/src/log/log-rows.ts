import { answer, apiRoot, client } from '../api/client.ts';
import type { LogPage, LogWindow, NumberedLogLine } from '../api/contract.ts';
import { isAtLeast, type Level } from './log-text.ts';

/** Rows that one request brings. */
const CHUNK_ROWS = 500;
/** Rows that are remembered: what is further from the place being read is asked for again. */
const MOST_KEPT = 20_000;
const RETRY_MS = 1_500;

export interface LogKey {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly attemptId: string;
}

/** Where to begin: at a line, at the end (to follow), or at the top. */
export interface LogStart {
  readonly line?: number | undefined;
  readonly atEnd?: boolean;
}

/**
 * The rows of one attempt's log that pass a level. Their number is known from the first answer on; the lines themselves are fetched
 * around the place that is being read, and those written meanwhile come live.
 */
export class LogRows {
  readonly #key: LogKey;
  readonly #level: Level | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #lines = new Map<number, NumberedLogLine>();
  readonly #asked = new Set<number>();
  #total = 0;
  #lineCount = 0;
  #offset = 0;
  #firstErrorRow: number | null = null;
  #startRow: number | null = null;
  #isKnown = false;
  #isDone = false;
  #error: unknown = null;
  #version = 0;
  #isStopped = true;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(key: LogKey, level: Level | undefined) {
    this.#key = key;
    this.#level = level;
  }

  get total(): number {
    return this.#total;
  }

  /** Lines in all, also those below the level. */
  get lineCount(): number {
    return this.#lineCount;
  }

  get firstErrorRow(): number | null {
    return this.#firstErrorRow;
  }

  /** The row of the line that was asked for at the start. */
  get startRow(): number | null {
    return this.#startRow;
  }

  /** The first answer is here. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** The attempt has ended: no further line will come. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get error(): unknown {
    return this.#error;
  }

  /** Undefined: not fetched yet. */
  at(row: number): NumberedLogLine | undefined {
    return this.#lines.get(row);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): number => this.#version;

  start(at: LogStart): () => void {
    this.#isStopped = false;
    void this.#begin(at);
    return () => {
      this.#isStopped = true;
      this.#source?.close();
      clearTimeout(this.#timer);
    };
  }

  /** Rows that are in sight, or nearly: what is missing of them is fetched. */
  want(from: number, to: number): void {
    if (!this.#isKnown) return;
    const first = Math.floor(Math.max(0, from) / CHUNK_ROWS);
    const last = Math.floor(Math.min(this.#total - 1, to) / CHUNK_ROWS);
    for (let chunk = first; chunk <= last; chunk += 1)
      if (!this.#asked.has(chunk)) void this.#fetch(chunk, Math.floor((from + to) / 2));
  }

  /** The row of a line by its number. */
  async rowOf(line: number): Promise<number | null> {
    const window = await this.#window({ line, count: CHUNK_ROWS });
    this.#keep(window);
    this.#tell();
    return window.row;
  }

  async #begin({ line, atEnd = false }: LogStart): Promise<void> {
    try {
      const place = line === undefined ? { from: atEnd ? -CHUNK_ROWS : 0 } : { line };
      const window = await this.#window({ ...place, count: CHUNK_ROWS });
      if (this.#isStopped) return;
      this.#total = window.total;
      this.#lineCount = window.lineCount;
      this.#offset = window.nextOffset;
      this.#firstErrorRow = window.firstErrorRow;
      this.#startRow = window.row;
      this.#isDone = window.done;
      this.#isKnown = true;
      this.#error = null;
      this.#keep(window);
      this.#tell();
      if (!window.done) this.#follow();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #fetch(chunk: number, around: number): Promise<void> {
    this.#asked.add(chunk);
    const begin = chunk * CHUNK_ROWS;
    try {
      // Long lines make an answer end early: asked on from there.
      for (let from = begin; from < Math.min(this.#total, begin + CHUNK_ROWS); ) {
        const window = await this.#window({ from, count: begin + CHUNK_ROWS - from });
        if (this.#isStopped || window.lines.length === 0) break;
        this.#keep(window);
        from += window.lines.length;
      }
      this.#forget(around);
      this.#error = null;
      this.#tell();
    } catch (error) {
      this.#asked.delete(chunk);
      this.#fail(error);
    }
  }

  #window(query: { from?: number; line?: number; count: number }): Promise<LogWindow> {
    return answer(
      client.GET('/dags/{dagId}/runs/{runId}/tasks/{taskId}/attempts/{attemptId}/log/lines', {
        params: {
          path: { ...this.#key, attemptId: Number(this.#key.attemptId) },
          query: { ...query, ...(this.#level === undefined ? {} : { level: this.#level }) },
        },
      }),
    );
  }

  #follow(): void {
    const source = new EventSource(`${logUrl(this.#key)}/stream?offset=${this.#offset}`);
    this.#source = source;
    source.addEventListener('lines', (event) => {
      const page = JSON.parse((event as MessageEvent<string>).data) as LogPage;
      for (const line of page.lines) {
        this.#lineCount += 1;
        if (this.#level !== undefined && !isAtLeast(line.level, this.#level)) continue;
        if (line.level === 'error') this.#firstErrorRow ??= this.#total;
        this.#lines.set(this.#total, { ...line, number: this.#lineCount });
        this.#total += 1;
      }
      this.#offset = page.nextOffset;
      this.#forget(this.#total);
      this.#tell();
    });
    source.addEventListener('end', () => {
      source.close();
      this.#isDone = true;
      this.#tell();
    });
    source.onerror = () => {
      source.close();
      if (!this.#isStopped && !this.#isDone) this.#timer = setTimeout(() => this.#follow(), RETRY_MS);
    };
  }

  #keep(window: LogWindow): void {
    for (const [at, line] of window.lines.entries()) this.#lines.set(window.from + at, line);
  }

  /** Lets go of the rows far from `around` once there are too many. */
  #forget(around: number): void {
    if (this.#lines.size <= MOST_KEPT) return;
    for (const row of this.#lines.keys())
      if (Math.abs(row - around) > MOST_KEPT / 4) {
        this.#lines.delete(row);
        this.#asked.delete(Math.floor(row / CHUNK_ROWS));
      }
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.#error = error;
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
