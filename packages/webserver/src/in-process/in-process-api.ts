import { TsflowError } from '@tsflow/core/errors';
import type { Caller } from '../auth/role.ts';
import { describeError, type ErrorBody } from '../error-response.ts';
import { NoSuchPathError } from '../http-errors.ts';
import type { ContentRoute } from '../routes/route.ts';
import { inputOf } from '../routes/route-input.ts';
import { routeTable } from '../routes/route-table.ts';
import { API_ROOT, type ApiServices } from '../web-services.ts';

/**
 * The API without a server: answers a request inside this process by the same table of routes, validation and errors as the web server.
 * Whoever holds the database may do everything, so nobody is asked for a role. What the API would answer with status 500 is thrown.
 */
export function inProcessApi(
  services: ApiServices,
  { actor }: { readonly actor: string },
): (request: Request) => Promise<Response> {
  const caller: Caller = { userId: 0, name: actor, role: 'Admin', by: 'process', address: '' };
  return async (request) => {
    try {
      const { route, params } = routeOf(request);
      const raw = {
        params,
        query: queryOf(request),
        body: request.body === null ? undefined : ((await request.json()) as unknown),
        caller,
        idempotencyKey: request.headers.get('Idempotency-Key') ?? undefined,
        signal: request.signal,
      };
      const { status, body } = await route.handle(inputOf(route, raw), services);
      return body === undefined ? new Response(null, { status }) : Response.json(body, { status });
    } catch (thrown) {
      const { status, ...error } = describeError(thrown);
      // Nobody reads a log of this process: who asked is told all of it.
      if (status >= 500 || !(thrown instanceof TsflowError)) throw thrown;
      const answer: ErrorBody = { error: { ...error, requestId: '' } };
      return Response.json(answer, { status });
    }
  };
}

interface Found {
  readonly route: ContentRoute;
  readonly params: Readonly<Record<string, string>>;
}

function routeOf(request: Request): Found {
  const { pathname } = new URL(request.url);
  const given = pathname.slice(API_ROOT.length).split('/');
  for (const route of routeTable) {
    if (route.over !== 'any' || route.method !== request.method.toLowerCase()) continue;
    const params = paramsOf(route.path.split('/'), given);
    if (params !== null) return { route, params };
  }
  throw new NoSuchPathError(pathname);
}

function paramsOf(wanted: readonly string[], given: readonly string[]): Record<string, string> | null {
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name !== undefined) params[name] = decodeURIComponent(given[i]!);
    else if (segment !== given[i]) return null;
  }
  return params;
}

/** Repeated names become lists, which schemas refuse: as over HTTP. */
function queryOf(request: Request): Record<string, string | string[]> {
  const { searchParams } = new URL(request.url);
  return Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => {
      const values = searchParams.getAll(name);
      return [name, values.length === 1 ? values[0]! : values];
    }),
  );
}
