import type { TaskContext } from '../dag/context.ts';
import { DagDefinitionError } from '../dag/definition-error.ts';
import { Operator, type OutputBy } from '../dag/operator.ts';
import type { OperatorOptions } from '../dag/operator-options.ts';
import { TaskFailed } from '../dag/task-signal.ts';
import type { Templated } from '../dag/template.ts';
import { type Duration, durationMs } from '../duration.ts';
import { TsflowError } from '../errors.ts';
import type { Json } from '../json.ts';
import { connectionUrl } from '../notifiers/connection-url.ts';

/** What came back, as `parse` sees it. */
export interface HttpAnswer {
  /** 200, for one. */
  readonly status: number;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body. */
  readonly text: string;
  /** The text as JSON. Throws when it is none. */
  json(): unknown;
}

interface HttpFields {
  /** The whole address. */
  readonly url?: string;
  readonly connectionId?: string;
  readonly path?: string;
  readonly method?: string;
  readonly query?: Readonly<Record<string, string | number | boolean | null>>;
  /** Sent with the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. Default: none. */
  readonly body?: Json;
  readonly timeout?: Duration;
  readonly okStatus?: readonly number[] | null;
  readonly maxBytes?: number;
  readonly parse?: (answer: HttpAnswer) => unknown;
}

/** Options of an {@link HttpOperator}. */
export interface HttpOptions<Output> extends OperatorOptions {
  /** The whole address. Exactly one of this and `connectionId` is given. */
  readonly url?: Templated<string> | undefined;
  /** Connection with scheme, host, port and the beginning of the path; login and password become Basic, a password alone Bearer. */
  readonly connectionId?: string | undefined;
  /** Behind the connection's address: `/v1/days`. */
  readonly path?: Templated<string> | undefined;
  /** Default `GET`, with a body `POST`. */
  readonly method?: Templated<string> | undefined;
  /** Values are encoded; null leaves one out. */
  readonly query?: Templated<Readonly<Record<string, string | number | boolean | null>>> | undefined;
  /** Over those of the connection. Default: none. */
  readonly headers?: Templated<Readonly<Record<string, string>>> | undefined;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: Templated<Json> | undefined;
  /** For the whole answer; a number is seconds. Default 1 minute. */
  readonly timeout?: Duration | undefined;
  /** Default: 200 to 299. */
  readonly okStatus?: readonly number[] | undefined;
  /** Longest answer that is read. Default 1 MiB, which is what an XCom may hold. */
  readonly maxBytes?: number | undefined;
  /** Makes the output of the answer. Default: its JSON when it says that it is JSON, else its text. */
  readonly parse?: ((answer: HttpAnswer) => Output) | undefined;
}

/** Thrown when the answer has another status than was expected. 4xx but 408, 425 and 429 are not tried again. */
export class HttpStatusError extends TsflowError {
  /** What was answered. */
  readonly status: number;

  constructor(method: string, url: string, status: number, text: string) {
    const said = text === '' ? '' : `: ${text.slice(0, 500)}`;
    super('http_status', `${method} ${withoutQuery(url)} answered ${status}${said}`);
    this.status = status;
  }
}

const MAX_BYTES = 1_048_576;

/**
 * Asks an HTTP server and hands on what it says. Redirects are followed; a body goes with the retries of the task, so it should be one
 * that may come twice: give it an idempotency key, for one of `runId`.
 */
export class HttpOperator<Output = Json> extends Operator<Output, HttpFields, HttpOptions<Output>> {
  static override readonly fields = {
    url: 'template',
    connectionId: 'value',
    path: 'template',
    method: 'template',
    query: 'template',
    headers: 'template',
    body: 'template',
    timeout: 'value',
    okStatus: 'value',
    maxBytes: 'value',
    parse: 'value',
  } as const;

  /** For `partial`. */
  declare static readonly outputBy: OutputBy<'parse', Json>;

  constructor(options: HttpOptions<Output>) {
    super(options);
    if ((this.fields.url === undefined) === (this.fields.connectionId === undefined)) {
      const problem = `Task "${this.taskId}" needs either a url or a connectionId.`;
      throw new DagDefinitionError('invalid_option', problem);
    }
    if (this.fields.timeout !== undefined) durationMs(this.fields.timeout as Duration, 'timeout');
  }

  async execute(context: TaskContext, fields: HttpFields): Promise<Output> {
    const { body, timeout = '1m', okStatus = null, maxBytes = MAX_BYTES } = fields;
    const { method = body === undefined ? 'GET' : 'POST' } = fields;
    const { url, headers } = await addressOf(context, fields);
    const answer = await fetch(url, {
      method,
      headers: { ...headers, ...fields.headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(durationMs(timeout, 'timeout'))]),
    });
    const text = await textOf(answer, maxBytes);
    context.log.info(`${method} ${withoutQuery(url)} answered ${answer.status}`, { bytes: text.length });
    const isOk = okStatus === null ? answer.ok : okStatus.includes(answer.status);
    if (!isOk) throw statusError(method, url, answer.status, text);
    return output(fields, {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      text,
    }) as Output;
  }
}

async function addressOf(
  context: TaskContext,
  { url, connectionId, path = '', query = {}, body }: HttpFields,
): Promise<{ url: string; headers: Record<string, string> }> {
  const headers: Record<string, string> =
    body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' };
  let base = url ?? '';
  if (connectionId !== undefined) {
    const connection = await context.connections.get(connectionId);
    base = `${connectionUrl(connection)}${path === '' || path.startsWith('/') ? path : `/${path}`}`;
    const { login, password } = connection;
    if (login !== null) headers.authorization = `Basic ${btoa(`${login}:${password ?? ''}`)}`;
    else if (password !== null) headers.authorization = `Bearer ${password}`;
  }
  const address = new URL(base);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null) address.searchParams.set(name, String(value));
  }
  return { url: address.href, headers };
}

async function textOf(answer: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new TaskFailed(
        `The answer is longer than maxBytes, ${maxBytes}. Let parse's source send less, or raise it.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function statusError(method: string, url: string, status: number, text: string): Error {
  const error = new HttpStatusError(method, url, status, text);
  const isFinal = status >= 400 && status < 500 && ![408, 425, 429].includes(status);
  return isFinal ? new TaskFailed(error.message, { cause: error }) : error;
}

function output({ parse }: HttpFields, answer: Omit<HttpAnswer, 'json'>): unknown {
  const json = (): unknown => JSON.parse(answer.text);
  if (parse !== undefined) return parse({ ...answer, json });
  return answer.headers['content-type']?.includes('json') ? json() : answer.text;
}

/** A query may hold a token. */
const withoutQuery = (url: string): string => url.replace(/\?.*/s, '');
