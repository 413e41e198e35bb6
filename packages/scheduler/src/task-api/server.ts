import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { ConflictError, errorMessage } from '@tsflow/core/errors';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { Service } from '@tsflow/core/service';
import type { PingMessage, PingReply } from '@tsflow/core/store';
import { LineSplitter, LineWriter, ProtocolError, parseLine } from './lines.ts';
import {
  type RunnerIdentity,
  type RunnerMessage,
  type RunnerSettings,
  type SchedulerMessage,
  TASK_API_PROTOCOL,
} from './protocol.ts';
import { claimSocketPath, restrictSocket } from './socket-path.ts';

export type PingReason = PingMessage extends infer M ? (M extends { reason: infer R } ? R : never) : never;

export interface TaskApiServerOptions {
  /** See `taskApiSocketPath(home)`. */
  readonly socketPath: string;
  /** What runners are told when they connect. */
  readonly settings?: RunnerSettings;
  readonly logger?: Logger;
  /** Somebody says that the database has news. */
  readonly onPing?: (reason: PingReason) => void;
}

/** What becomes of a runner that said hello. */
export interface RunnerListener {
  message(message: Exclude<RunnerMessage, { verb: 'hello' }>): void;
  /** The socket is closed and read to its end. */
  closed(): void;
}

type Hello = Extract<RunnerMessage, { verb: 'hello' }>;

/** Answers within this many decided intents late askers from memory; older ones look at the database. */
const REMEMBERED_INTENTS = 4096;

/**
 * The scheduler's end of the task API: listens on a Unix domain socket for runners, and for processes that ping it. Framing and
 * handshake are done here; what messages mean is the business of who listens.
 */
export class TaskApiServer implements Service {
  readonly socketPath: string;
  /** Called for each runner that connects; set by the executor. Null: the runner is turned away. */
  onRunner: (hello: Hello, connection: RunnerConnection) => RunnerListener | null = () => null;
  readonly #options: TaskApiServerOptions;
  readonly #logger: Logger;
  readonly #sockets = new Set<Socket>();
  readonly #awaited = new Map<number, Set<(reply: PingReply) => void>>();
  readonly #decided = new Set<number>();
  #server: Server | null = null;

  constructor(options: TaskApiServerOptions) {
    this.socketPath = options.socketPath;
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  async start(): Promise<void> {
    await claimSocketPath(this.socketPath);
    const server = createServer((socket) => this.#accept(socket));
    // Out of file descriptors, for one: the runner tries again, and a log line tells.
    server.on('error', (error) => this.#logger.error('The task API failed.', { error: errorMessage(error) }));
    this.#server = server;
    await listen(server, this.socketPath);
    restrictSocket(this.socketPath);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (process.platform !== 'win32') rmSync(this.socketPath, { force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The intent is applied or refused: whoever waits for it is answered. */
  resolveIntent(intentId: number): void {
    this.#decided.add(intentId);
    if (this.#decided.size > REMEMBERED_INTENTS) this.#decided.delete(this.#decided.values().next().value!);
    const waiting = this.#awaited.get(intentId);
    if (waiting === undefined) return;
    this.#awaited.delete(intentId);
    for (const answer of waiting) answer({ verb: 'intent_decided', intentId });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const splitter = new LineSplitter();
    const writer = new LineWriter<SchedulerMessage | PingReply>(socket);
    let listener: RunnerListener | null = null;
    const forget: (() => void)[] = [];

    const receive = (line: string): void => {
      const message = parseLine<RunnerMessage | PingMessage>(line);
      if (message.verb === 'ping') {
        this.#options.onPing?.(message.reason);
        writer.send({ verb: 'pong' });
      } else if (message.verb === 'await_intent') {
        this.#options.onPing?.('intents');
        forget.push(this.#awaitIntent(message.intentId, (reply) => writer.send(reply)));
      } else if (message.verb === 'hello') {
        listener = this.#greet(message, socket, writer);
      } else if (listener === null) {
        throw new ProtocolError(`A runner says hello before "${String(message.verb)}".`);
      } else {
        listener.message(message);
      }
    };
    socket.on('data', (chunk) => {
      try {
        splitter.push(chunk, receive);
      } catch (error) {
        this.#logger.warn('A connection to the task API was closed.', { error: errorMessage(error) });
        socket.destroy();
      }
    });
    socket.on('error', (error) =>
      this.#logger.debug('A task API socket failed.', { error: errorMessage(error) }),
    );
    socket.on('close', () => {
      this.#sockets.delete(socket);
      for (const undo of forget) undo();
      listener?.closed();
    });
  }

  #greet(hello: Hello, socket: Socket, writer: LineWriter<SchedulerMessage | PingReply>): RunnerListener {
    if (hello.protocol !== TASK_API_PROTOCOL) {
      throw new ProtocolError(
        `Runner ${hello.runner.runnerId} speaks protocol ${hello.protocol}, this scheduler ${TASK_API_PROTOCOL}.`,
      );
    }
    writer.send({
      verb: 'welcome',
      protocol: TASK_API_PROTOCOL,
      ...(this.#options.settings === undefined ? {} : { settings: this.#options.settings }),
    });
    const listener = this.onRunner(hello, new RunnerConnection(hello.runner, socket, writer));
    if (listener === null) throw new ProtocolError(`Nobody waits for runner ${hello.runner.runnerId}.`);
    return listener;
  }

  /** Returns the way to stop waiting. */
  #awaitIntent(intentId: number, answer: (reply: PingReply) => void): () => void {
    if (this.#decided.has(intentId)) {
      answer({ verb: 'intent_decided', intentId });
      return () => undefined;
    }
    const waiting = this.#awaited.get(intentId) ?? new Set();
    this.#awaited.set(intentId, waiting.add(answer));
    return () => {
      waiting.delete(answer);
      if (waiting.size === 0 && this.#awaited.get(intentId) === waiting) this.#awaited.delete(intentId);
    };
  }
}

/** A runner at the other end of a socket. */
export class RunnerConnection {
  readonly runner: RunnerIdentity;
  readonly #socket: Socket;
  readonly #writer: LineWriter<SchedulerMessage>;

  constructor(runner: RunnerIdentity, socket: Socket, writer: LineWriter<SchedulerMessage>) {
    this.runner = runner;
    this.#socket = socket;
    this.#writer = writer;
  }

  send(message: SchedulerMessage): void {
    this.#writer.send(message);
  }

  /** With the next message, or 50 ms later. */
  sendLazily(message: SchedulerMessage): void {
    this.#writer.sendLazily(message);
  }

  close(): void {
    this.#writer.flush();
    this.#socket.end();
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void =>
      reject(
        new ConflictError(`The task API cannot listen on ${path}: ${cause.message}.`, {
          code: cause.code ?? '',
        }),
      );
    server.once('error', fail);
    server.listen(path, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
