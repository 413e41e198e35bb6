import { InvalidInputError, TsflowError } from '@tsflow/core/errors';
import type { Json } from '@tsflow/core/json';

/** One request that a {@link FakeHttp} was asked. */
export interface FakeRequest {
  /** In upper case. */
  readonly method: string;
  /** Without the query. */
  readonly url: string;
  /** Without the query. */
  readonly path: string;
  /** What stood for the `:names` of the route. */
  readonly params: Readonly<Record<string, string>>;
  /** Decoded. */
  readonly query: Readonly<Record<string, string>>;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON, else the text; null: there was none. */
  readonly body: unknown;
}

/**
 * What a fake answers: a number is a status, text and JSON come with status 200, an `Error` is a server that cannot be reached, a `Response`
 * goes as it is, a function answers each request by itself.
 */
export type HttpAnswerOf =
  | Json
  | Error
  | Response
  | ((request: FakeRequest) => HttpAnswerOf | Promise<HttpAnswerOf>);

/** Thrown, and the test with it, when a task asks something that the test has no answer for. */
export class UnexpectedRequestError extends TsflowError {
  constructor(method: string, url: string, routes: readonly string[]) {
    super(
      'unexpected_request',
      `The test has no answer for "${method} ${url}". Its fakeHttp answers ${routes.map((route) => `"${route}"`).join(', ') || 'nothing'}.`,
    );
  }
}

interface Route {
  readonly name: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly hasHost: boolean;
  readonly answer: HttpAnswerOf;
}

/** The HTTP servers of a test. Made by {@link fakeHttp}. */
export class FakeHttp {
  /** Every request so far, in order. */
  readonly requests: FakeRequest[] = [];
  readonly #routes: readonly Route[];

  constructor(routes: Readonly<Record<string, HttpAnswerOf>>) {
    this.#routes = Object.entries(routes).map(([name, answer]) => routeOf(name, answer));
  }

  /** What `fetch` is in the tasks of the test. Throws {@link UnexpectedRequestError} for what no route fits. */
  async fetch(...asked: Parameters<typeof fetch>): Promise<Response> {
    const request = new Request(...asked);
    const { origin, pathname, searchParams, href } = new URL(request.url);
    const url = `${origin}${pathname}`;
    for (const route of this.#routes) {
      const match =
        route.method === request.method ? route.pattern.exec(route.hasHost ? url : pathname) : null;
      if (match === null) continue;
      const text = await request.text();
      const one: FakeRequest = {
        method: request.method,
        url,
        path: pathname,
        params: Object.fromEntries(
          Object.entries(match.groups ?? {}).map(([name, value]) => [name, decodeURIComponent(value)]),
        ),
        query: Object.fromEntries(searchParams),
        headers: Object.fromEntries(request.headers),
        body: text === '' ? null : parsed(text),
      };
      this.requests.push(one);
      const response = await responseOf(route.answer, one);
      request.signal.throwIfAborted();
      return response;
    }
    throw new UnexpectedRequestError(
      request.method,
      href.replace(/\?.*/s, ''),
      this.#routes.map(({ name }) => name),
    );
  }
}

/**
 * HTTP servers that answer from the test: `fetch` in the tasks - `HttpOperator`, `HttpSensor`, Slack, webhooks, functions - goes to it and
 * never to the network. A route is a method and an address, or a path of whatever host; `:name` stands for one part of the path, `*` at the
 * end for all the rest; the query does not count. A request that no route fits fails the test.
 *
 * ```ts
 * const http = fakeHttp({
 *   'GET https://api.example.com/days/:day': ({ params }) => ({ day: params.day, rows: 3 }),
 *   'POST /jobs': inTurn(503, { id: 7 }),
 * });
 * const run = await runDag(dag, { http });
 * expect(http.requests.map(({ path }) => path)).toEqual(['/days/2026-03-01', '/jobs', '/jobs']);
 * ```
 *
 * Throws `InvalidInputError` for a route that is none.
 */
export function fakeHttp(routes: Readonly<Record<string, HttpAnswerOf>>): FakeHttp {
  return new FakeHttp(routes);
}

function routeOf(name: string, answer: HttpAnswerOf): Route {
  const [, method, target] = /^([A-Z]+) ((?:https?:\/\/[^/]+)?\/\S*)$/.exec(name) ?? [];
  if (method === undefined || target === undefined) {
    throw new InvalidInputError(
      `fakeHttp: a route reads "GET /path" or "GET https://host/path", got "${name}".`,
    );
  }
  const pattern = target
    .split('/')
    .map((part) => {
      if (/^:\w+$/.test(part)) return `(?<${part.slice(1)}>[^/]+)`;
      return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return { name, method, pattern: new RegExp(`^${pattern}$`), hasHost: !target.startsWith('/'), answer };
}

async function responseOf(answer: HttpAnswerOf, request: FakeRequest): Promise<Response> {
  if (typeof answer === 'function') return responseOf(await answer(request), request);
  if (answer instanceof Error) throw new TypeError('fetch failed', { cause: answer });
  if (answer instanceof Response) return answer.clone();
  if (typeof answer === 'number') return new Response(null, { status: answer });
  return typeof answer === 'string' ? new Response(answer) : Response.json(answer);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
