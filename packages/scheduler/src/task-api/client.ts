import { connect, type Socket } from 'node:net';
import { LineSplitter, LineWriter, parseLine } from './lines.ts';
import type { RunnerMessage, SchedulerMessage } from './protocol.ts';

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

export interface TaskApiClientEvents {
  /** The first message of a connection, sent before everything else: `hello`. */
  greeting(): RunnerMessage;
  connected(): void;
  message(message: SchedulerMessage): void;
  /** The scheduler is gone. Unless {@link TaskApiClient.close} was called, connecting is tried again and again. */
  disconnected(): void;
}

/** The runner's end of the task API. Comes back by itself when a scheduler listens on the socket again. */
export class TaskApiClient {
  readonly #socketPath: string;
  readonly #events: TaskApiClientEvents;
  #socket: Socket | null = null;
  #writer: LineWriter<RunnerMessage> | null = null;
  #retryMs = MIN_RETRY_MS;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(socketPath: string, events: TaskApiClientEvents) {
    this.#socketPath = socketPath;
    this.#events = events;
  }

  get isConnected(): boolean {
    return this.#writer !== null;
  }

  connect(): void {
    if (this.#closed) return;
    const socket = connect(this.#socketPath);
    this.#socket = socket;
    const splitter = new LineSplitter();
    let greeted = false;
    socket.once('connect', () => {
      greeted = true;
      this.#retryMs = MIN_RETRY_MS;
      this.#writer = new LineWriter(socket);
      this.#writer.send(this.#events.greeting());
      this.#writer.flush();
      this.#events.connected();
    });
    socket.on('data', (chunk) => {
      try {
        splitter.push(chunk, (line) => this.#events.message(parseLine<SchedulerMessage>(line)));
      } catch {
        socket.destroy();
      }
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#writer = null;
      if (this.#closed) return;
      if (greeted) this.#events.disconnected();
      this.#retryLater();
    });
  }

  /** Sends at the end of this tick. False: nobody is there. */
  send(message: RunnerMessage): boolean {
    if (this.#writer === null) return false;
    this.#writer.send(message);
    return true;
  }

  /** Hands what was sent to the system now. */
  flush(): void {
    this.#writer?.flush();
  }

  /** Resolves when everything sent is on its way and the connection is closed for good. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry ?? undefined);
    const socket = this.#socket;
    if (socket === null || socket.destroyed) return;
    this.#writer?.flush();
    await new Promise<void>((resolve) => {
      socket.once('close', resolve);
      if (this.#writer === null) socket.destroy();
      else socket.end();
    });
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => this.connect(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }
}
