import express, { type RequestHandler, type Router } from 'express';
import { authenticate } from '../auth/authenticate.ts';
import { originGuard } from '../auth/origin-guard.ts';
import { type Caller, nobody, requireRole } from '../auth/role.ts';
import { NoSuchPathError, UnauthenticatedError, UnsupportedMediaTypeError } from '../http-errors.ts';
import type { WebServices } from '../web-services.ts';
import type { Route } from './route.ts';
import { inputOf } from './route-input.ts';

/** Largest body of a request, in bytes: a conf or a Variable, not a file. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * The API: one guard in front of every route of `routes` and of every path that is none, in this order: origin, identity, role, body,
 * validation. Without identity all paths answer 401, whether they exist or not, except open routes by their exact path.
 */
export function mountRoutes(routes: readonly Route[], services: WebServices): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use((_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  router.use(originGuard());
  const open = new Set(
    routes.filter((route) => route.access === 'open').map((route) => `${route.method} ${route.path}`),
  );
  router.use(async (request, response, next) => {
    const caller = await authenticate(request, services);
    if (caller === null && !open.has(`${request.method.toLowerCase()} ${request.path}`)) {
      throw new UnauthenticatedError();
    }
    // Clients compare it with their own; whoever is not logged in is not told.
    if (caller !== null) response.set('Tsflow-Version', services.version);
    response.locals.caller = caller ?? nobody(request);
    next();
  });
  const parseBody = express.json({ limit: MAX_BODY_BYTES, strict: false });
  for (const route of routes) {
    const steps = route.body === undefined ? [] : [requireJson, parseBody];
    router[route.method](expressPath(route.path), guard(route), ...steps, answer(route, services));
  }
  router.use((request) => {
    throw new NoSuchPathError(request.originalUrl.split('?')[0]!);
  });
  return router;
}

function guard(route: Route): RequestHandler {
  return (_request, response, next) => {
    if (route.access !== 'open') requireRole(response.locals.caller as Caller, route.access);
    next();
  };
}

/** A body that is not declared as JSON is refused rather than ignored: pages of other origins can send those. */
const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && request.is('application/json') === false) throw new UnsupportedMediaTypeError();
  next();
};

function answer(route: Route, services: WebServices): RequestHandler {
  return async (request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const input = inputOf(route, {
      params: request.params,
      query: request.query,
      body: request.body,
      caller: response.locals.caller as Caller,
      idempotencyKey: request.get('Idempotency-Key'),
      signal: gone.signal,
    });
    const reply =
      route.over === 'any'
        ? await route.handle(input, services)
        : await route.handle({ ...input, request, response }, services);
    if ('stream' in reply) await reply.stream(request, response);
    else if (reply.body === undefined) response.status(reply.status).end();
    else response.status(reply.status).json(reply.body);
  };
}

/** `/dags/{dagId}` -> `/dags/:dagId`. */
function expressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}
