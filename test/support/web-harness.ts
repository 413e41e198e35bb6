import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@tsflow/core/clock';
import type { Config } from '@tsflow/core/config';
import { type Logger, silentLogger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import {
  createUser,
  createWebServer,
  type Role,
  type Route,
  routeTable,
  type WebServer,
} from '@tsflow/webserver';
import { expect } from 'vitest';

export const PASSWORD = 'correct horse battery';

/** What a request came back with. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: unknown;
}

/** The items of a list. */
export function itemsOf<T = Record<string, unknown>>(answer: WebAnswer): readonly T[] {
  return (answer.body as { items: readonly T[] }).items;
}

export interface WebHarnessOptions {
  readonly basePath?: string;
  readonly host?: string;
  readonly uiDir?: string;
  readonly allowedHosts?: string;
  readonly clock?: typeof systemClock;
}

/**
 * A web server on a real database and a free port. Every JSON answer of a route is held against the schema that the OpenAPI document
 * shows for it.
 */
export class WebHarness implements AsyncDisposable {
  readonly server: WebServer;
  readonly store: Store;
  readonly logsDir: string;
  readonly logged: string[] = [];
  readonly #folder: string;

  private constructor(store: Store, folder: string, options: WebHarnessOptions) {
    this.store = store;
    this.#folder = folder;
    this.logsDir = join(folder, 'logs');
    this.server = createWebServer({
      store,
      config: {
        host: options.host ?? '127.0.0.1',
        port: 0,
        basePath: options.basePath ?? '/',
        allowedHosts: options.allowedHosts ?? '',
        leaseMs: 30_000,
        dags: '/somewhere/dags',
        home: folder,
      } as Config,
      logger: this.#logger(),
      logsDir: this.logsDir,
      uiDir: options.uiDir ?? join(folder, 'ui'),
      clock: options.clock ?? systemClock,
    });
  }

  static async start(store: Store, options: WebHarnessOptions = {}): Promise<WebHarness> {
    const folder = await mkdtemp(join(tmpdir(), 'tsflow-web-'));
    const harness = new WebHarness(store, folder, options);
    await mkdir(harness.logsDir);
    await harness.server.start();
    return harness;
  }

  get url(): string {
    return this.server.url;
  }

  /** A user of that role, logged in. */
  async as(role: Role, name = role.toLowerCase()): Promise<WebClient> {
    await createUser(this.store, { name, password: PASSWORD, role, now: Date.now() });
    return this.logIn(name);
  }

  async logIn(name: string, password = PASSWORD): Promise<WebClient> {
    const answer = await this.anybody().post('/auth/login', { name, password });
    expect(answer.status, answer.text).toBe(200);
    return new WebClient(this.url, { cookie: cookieOf(answer) });
  }

  /** Somebody without a cookie. */
  anybody(headers: Record<string, string> = {}): WebClient {
    return new WebClient(this.url, headers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #logger(): Logger {
    const write = (message: string, fields: unknown) => {
      this.logged.push(`${message} ${JSON.stringify(fields ?? {})}`);
    };
    return { ...silentLogger, info: write, warn: write, error: write, child: () => this.#logger() };
  }
}

export class WebClient {
  readonly #url: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Record<string, string>) {
    this.#url = url;
    this.headers = headers;
  }

  get(path: string, headers?: Record<string, string>): Promise<WebAnswer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<WebAnswer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body?: unknown): Promise<WebAnswer> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body?: unknown): Promise<WebAnswer> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<WebAnswer> {
    return this.send('DELETE', path);
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<WebAnswer> {
    const answer = await this.raw(`/api/v1${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assertFitsContract(method, path, answer);
    return answer;
  }

  /** A request below the base path, outside any contract. */
  async raw(path: string, init: RequestInit = {}): Promise<WebAnswer> {
    const response = await fetch(this.#url + path, {
      redirect: 'manual',
      ...init,
      headers: { ...this.headers, ...(init.headers as Record<string, string>) },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parsed(text) };
  }

  /** Server-sent events of a path, as they come; ends when the server does, or `close` is called. */
  async stream(path: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const gone = new AbortController();
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      headers: { ...this.headers, ...headers },
      signal: gone.signal,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    return new EventReader(response, gone);
  }
}

export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads server-sent events as a browser does. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #gone: AbortController;
  readonly #decoder = new TextDecoder();
  readonly comments: string[] = [];
  #text = '';
  lastEventId = '';

  constructor(response: Response, gone: AbortController) {
    this.#reader = response.body!.getReader();
    this.#gone = gone;
  }

  /** The next event; null when the server ended the stream. */
  async next(): Promise<ServerSentEvent | null> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const event = this.#read(block);
        if (event !== null) return event;
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next event, which must be of type `event`. */
  async expect(event: string): Promise<ServerSentEvent> {
    const next = await this.next();
    expect(next?.event).toBe(event);
    return next!;
  }

  close(): void {
    this.#gone.abort();
  }

  #read(block: string): ServerSentEvent | null {
    const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
    if (fields.has('')) this.comments.push(fields.get('')!);
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    if (data === undefined) return null;
    return { id: this.lastEventId, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
  }
}

export function cookieOf(answer: WebAnswer): string {
  return answer.headers.get('set-cookie')!.split(';')[0]!;
}

/** The route that answers a request; undefined when there is none. */
export function routeOf(method: string, path: string): Route | undefined {
  const bare = path.split('?')[0]!;
  const candidates = routeTable.filter((route) => {
    const pattern = new RegExp(`^${route.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    return route.method === method.toLowerCase() && pattern.test(bare);
  });
  return candidates.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

function assertFitsContract(method: string, path: string, answer: WebAnswer): void {
  const route = routeOf(method, path);
  if (answer.status >= 400) {
    expect(answer.body, answer.text).toMatchObject({
      error: {
        code: expect.any(String),
        message: expect.any(String),
        requestId: answer.headers.get('x-request-id'),
      },
    });
    return;
  }
  const promised = [route!.answer, ...(route!.otherAnswers ?? [])].find(
    ({ status }) => status === answer.status,
  );
  expect(promised, `${method} ${path} answered ${answer.status}`).toBeDefined();
  if (promised!.schema === undefined) return;
  const { success, error } = promised!.schema.safeParse(answer.body);
  expect(success, `${method} ${path}: ${error?.message}`).toBe(true);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
