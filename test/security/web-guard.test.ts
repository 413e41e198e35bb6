import { request as httpRequest } from 'node:http';
import { openApiDocument, type Role, type Route, routeTable } from '@tsflow/webserver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/store.ts';
import { type WebClient, WebHarness } from '../support/web-harness.ts';

/** The whole list of what is open: by exact path. */
const OPEN = ['post /auth/login'];

const ROLES: readonly Role[] = ['Viewer', 'Operator', 'Editor', 'Admin'];

/** Who may use what, written down once more by hand: a role changed in the table by mistake fails here. */
const LEAST_ROLE: Readonly<Record<string, Role>> = {
  'patch /dags/{dagId}': 'Operator',
  'post /dags/{dagId}/runs': 'Operator',
  'patch /dags/{dagId}/runs/{runId}': 'Operator',
  'post /dags/{dagId}/runs/{runId}/clear': 'Operator',
  'post /dags/{dagId}/runs/{runId}/mark': 'Operator',
  'post /dags/{dagId}/runs/{runId}/kill': 'Operator',
  'post /dags/{dagId}/backfills': 'Operator',
  'post /backfills/{key}/{action}': 'Operator',
  'put /variables/{key}': 'Editor',
  'delete /variables/{key}': 'Editor',
  'post /dags/{dagId}/runs/{runId}/priority': 'Operator',
  'post /dags/{dagId}/runs/{runId}/tasks/{taskId}/run': 'Operator',
  'post /dags/{dagId}/reschedule': 'Operator',
  'put /pools/{name}': 'Editor',
  'delete /pools/{name}': 'Editor',
  'post /assets/{name}/events': 'Operator',
  'get /connections': 'Admin',
  'get /connections/{connectionId}': 'Admin',
  'put /connections/{connectionId}': 'Admin',
  'delete /connections/{connectionId}': 'Admin',
  'get /users': 'Admin',
  'post /users': 'Admin',
  'patch /users/{name}': 'Admin',
  'get /users/{name}/tokens': 'Admin',
  'post /users/{name}/tokens': 'Admin',
  'delete /users/{name}/tokens/{id}': 'Admin',
};

/** What everybody may change: their own session, password and tokens. */
const OWN = ['post /auth/logout', 'put /auth/password', 'post /auth/tokens', 'delete /auth/tokens/{id}'];

const nameOf = (route: Route) => `${route.method} ${route.path}`;
const pathOf = (route: Route) =>
  route.path.replaceAll(/\{(\w+)\}/g, (_, name) => (/id$|key/i.test(name) ? '1' : 'x'));
const guarded = routeTable.filter((route) => !OPEN.includes(nameOf(route)));

describe('the guard of the API', () => {
  let database: TestDatabase;
  let web: WebHarness;
  const clients = new Map<Role, WebClient>();

  beforeAll(async () => {
    database = await createDatabase('sqlite');
    web = await WebHarness.start(await database.open());
    for (const role of ROLES) clients.set(role, await web.as(role));
  });
  afterAll(async () => {
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  it('has no other open route than the list says', () => {
    expect(routeTable.filter(({ access }) => access === 'open').map(nameOf)).toEqual(OPEN);
  });

  it('knows every route, and the OpenAPI document has each of them', () => {
    const documented = Object.entries(openApiDocument(routeTable, '0').paths ?? {}).flatMap(([path, item]) =>
      Object.keys(item as object).map((method) => `${method} ${path}`),
    );
    expect(documented.sort()).toEqual(routeTable.map(nameOf).sort());
  });

  it.each(guarded.map((route) => [nameOf(route), route] as const))(
    '%s: 401 without a login',
    async (_, route) => {
      const answer = await web.anybody().send(route.method.toUpperCase(), pathOf(route), bodyOf(route));
      expect(answer.status).toBe(401);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      const withNonsense = web.anybody({
        cookie: 'tsflow_session_0=AAAA',
        authorization: 'Bearer tsflow_AAAA',
      });
      expect((await withNonsense.send(route.method.toUpperCase(), pathOf(route), bodyOf(route))).status).toBe(
        401,
      );
    },
  );

  it.each(guarded.filter(({ method }) => method !== 'get').map((route) => [nameOf(route), route] as const))(
    '%s: is no write of a Viewer',
    async (name, route) => {
      if (OWN.includes(name)) return;
      const answer = await clients
        .get('Viewer')!
        .send(route.method.toUpperCase(), pathOf(route), bodyOf(route));
      expect(answer.status).toBe(403);
    },
  );

  it.each(guarded.map((route) => [nameOf(route), route] as const))(
    '%s: takes the role that is written down',
    (name, route) => {
      expect(route.access).toBe(LEAST_ROLE[name] ?? 'Viewer');
      if (route.method !== 'get' && !OWN.includes(name)) expect(LEAST_ROLE[name]).toBeDefined();
    },
  );

  it.each(Object.entries(LEAST_ROLE))('%s: refuses each role below %s', async (name, least) => {
    const route = routeTable.find((candidate) => nameOf(candidate) === name)!;
    for (const role of ROLES.slice(0, ROLES.indexOf(least))) {
      const answer = await clients.get(role)!.send(route.method.toUpperCase(), pathOf(route), bodyOf(route));
      expect(answer.status, role).toBe(403);
    }
    for (const role of ROLES.slice(ROLES.indexOf(least))) {
      const answer = await clients.get(role)!.send(route.method.toUpperCase(), pathOf(route), bodyOf(route));
      expect(answer.status, role).not.toBe(403);
    }
  });

  it.each([
    '/api/v1/variables/x/health',
    '/api/v1/dags/health',
    '/api/v1/health',
    '/api/v1/auth/login/',
    '/api/v1/auth/login/../../dags',
    '/api/v1/AUTH/LOGIN',
    '/API/V1/dags',
    '/Api/v1/dags',
    '//api/v1/dags',
    '/api//v1/dags',
    '/api/v1//dags',
    '/api/v1/dags;.js',
    '/api/v1/dags;/health',
    '/api/v1/dags.json',
    '/api/v1/dags%00',
    '/api/v1/dags%2f',
    '/api/v1/%2e%2e/v1/dags',
    '/api/v1/./dags',
    '/api/../api/v1/dags',
    '/%61pi/v1/dags',
    '/api%2fv1%2fdags',
    '/health/',
    '/health/x',
    '/HEALTH',
    '/health.json',
    '/x/../api/v1/dags',
    '/api/v1',
    '/api/',
    '/api',
    '/assets/../index.html',
    '/index.html',
    '/../../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/.git/config',
    '/main.js.map',
  ])('%s opens nothing', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'TRACE']) {
      const { status, body } = await rawRequest(web.url, method, path);
      expect([400, 401, 404], `${method} ${path}`).toContain(status);
      expect(body).not.toContain('"items"');
      expect(body).not.toContain('<!doctype');
    }
  });

  it('answers neither methods that are not there nor overridden ones', async () => {
    const viewer = clients.get('Viewer')!;
    for (const header of ['x-http-method-override', 'x-method-override', 'x-http-method']) {
      const answer = await viewer.raw('/api/v1/variables/x?_method=DELETE', {
        method: 'POST',
        headers: { [header]: 'DELETE' },
      });
      expect(answer.status).toBe(404);
    }
    const head = await web.anybody().raw('/api/v1/dags', { method: 'HEAD' });
    expect(head.status).toBe(401);
    expect((await viewer.raw('/api/v1/dags', { method: 'HEAD' })).status).toBe(200);
    expect((await web.anybody().raw('/api/v1/dags', { method: 'OPTIONS' })).status).toBe(404);
  });

  it('says the same about DAGs that exist and those that do not', async () => {
    const [a, b] = [await web.anybody().get('/dags/exists'), await web.anybody().get('/nothing/here')];
    expect([a.status, b.status]).toEqual([401, 401]);
  });
});

const bodyOf = (route: Route) => (route.body === undefined ? undefined : {});

/** A request whose path nothing normalises on the way. */
function rawRequest(url: string, method: string, path: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}
