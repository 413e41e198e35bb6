import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/store.ts';
import { PASSWORD, type WebClient, WebHarness } from '../support/web-harness.ts';

const PAGE = `<!doctype html><head><meta name="base-path" content="__BASE_PATH__"><meta name="csp-nonce" nonce="__CSP_NONCE__">
<script nonce="__CSP_NONCE__" src="__BASE_PATH__/assets/main-1a2b.js"></script></head><div id="root"></div>`;

describe.each(['/', '/tsflow'])('what a browser meets, mounted at %s', (basePath) => {
  let database: TestDatabase;
  let web: WebHarness;
  let operator: WebClient;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tsflow-ui-'));
    const uiDir = join(folder, 'ui');
    await mkdir(join(uiDir, 'assets'), { recursive: true });
    await writeFile(join(uiDir, 'index.html'), PAGE);
    await writeFile(join(uiDir, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    await writeFile(join(uiDir, 'assets/main-1a2b.js'), 'console.log(1)');
    await writeFile(join(uiDir, 'assets/main-1a2b.js.map'), '{"CANARY":[]}');
    await writeFile(join(uiDir, '.secret'), 'CANARY');
    await writeFile(join(folder, 'outside.txt'), 'CANARY');
    await symlink(join(folder, 'nowhere'), join(uiDir, 'dangling.txt'));
    database = await createDatabase('sqlite');
    web = await WebHarness.start(await database.open(), {
      basePath,
      uiDir,
      allowedHosts: 'tsflow.example.com,other.example.com',
    });
    operator = await web.as('Operator');
  });
  afterAll(async () => {
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(['/', '/dags/etl', '/dags/etl/runs/manual__2026-01-01T00:00:00.000Z', '/dags/%3Cscript%3E'])(
    'the page at %s, with a nonce of its own',
    async (path) => {
      const [first, second] = [await web.anybody().raw(path), await web.anybody().raw(path)];
      expect(first.status).toBe(200);
      const nonce = /nonce="([\w-]+)" src/.exec(first.text)![1]!;
      expect(first.headers.get('content-security-policy')).toContain(`script-src 'self' 'nonce-${nonce}'`);
      expect(second.text).not.toContain(nonce);
      expect(first.text).toContain(`content="${basePath === '/' ? '' : basePath}"`);
      expect(first.text).not.toMatch(/__[A-Z_]+__/);
      expect(first.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('files by their name alone: nothing hidden, no sources, nothing outside', async () => {
    const script = await web.anybody().raw('/assets/main-1a2b.js');
    expect(script.status).toBe(200);
    expect(script.headers.get('cache-control')).toMatch(/max-age=31536000, immutable/);
    expect(script.headers.get('content-type')).toContain('javascript');
    expect((await web.anybody().raw('/favicon.svg')).status).toBe(200);
    for (const path of [
      '/.secret',
      '/assets/main-1a2b.js.map',
      '/assets/none.js',
      '/index.html',
      '/..%2foutside.txt',
      '/%2e%2e/outside.txt',
      '/assets/..%2f..%2foutside.txt',
      '/dangling.txt',
      '/%00',
    ]) {
      const answer = await web.anybody().raw(path);
      expect([400, 404], path).toContain(answer.status);
      expect(answer.text).not.toContain('CANARY');
    }
  });

  it.each([
    '/',
    '/api/v1/dags',
    '/api/v1/nope',
    '/health',
    '/.nothing',
    '/assets/main-1a2b.js',
    '/favicon.svg',
  ])('the same protective headers on %s', async (path) => {
    const { headers } = await web.anybody().raw(path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const csp = headers.get('content-security-policy')!;
    for (const directive of [
      "default-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ]) {
      expect(csp).toContain(directive);
    }
    expect(csp).not.toContain('upgrade-insecure-requests');
    expect(csp).not.toMatch(/script-src[^;]*unsafe/);
    expect(csp).not.toMatch(/style-src [^;]*unsafe/);
  });

  describe('writes of other origins', () => {
    const write = (headers: Record<string, string>) =>
      operator.send('POST', '/auth/tokens', { name: 'x' }, headers).then(({ status }) => status);

    it.each([
      [{ 'sec-fetch-site': 'cross-site' }],
      [{ 'sec-fetch-site': 'same-site' }],
      [{ 'sec-fetch-site': 'none' }],
      [{ origin: 'https://evil.example' }],
      [{ origin: 'null' }],
      [{ origin: 'http://127.0.0.1:1' }],
      [{ origin: 'http://localhost' }],
      [{ 'sec-fetch-site': 'cross-site', origin: 'same' }],
    ])('are refused: %j', async (headers) => {
      const given = { ...headers } as Record<string, string>;
      if (given.origin === 'same') given.origin = new URL(web.url).origin;
      expect(await write(given)).toBe(403);
    });

    it('but not those of our own page, of tools, or with a token', async () => {
      expect(await write({ 'sec-fetch-site': 'same-origin' })).toBe(201);
      expect(await write({ origin: new URL(web.url).origin })).toBe(201);
      expect(await write({})).toBe(201);
      const { token } = (await operator.post('/auth/tokens', { name: 'x' })).body as { token: string };
      const byToken = web.anybody({ authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' });
      expect((await byToken.get('/auth/me')).status).toBe(200);
    });

    it('login and logout included', async () => {
      const headers = { 'sec-fetch-site': 'cross-site' };
      const login = await web
        .anybody()
        .post('/auth/login', { name: 'operator', password: PASSWORD }, headers);
      expect(login.status).toBe(403);
      expect((await operator.post('/auth/logout', undefined, headers)).status).toBe(403);
      expect((await operator.get('/auth/me')).status).toBe(200);
    });

    it('cannot be sent as a form or as text', async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
        const answer = await operator.raw('/api/v1/auth/tokens', {
          method: 'POST',
          headers: { 'content-type': type },
          body: '{"name":"x"}',
        });
        expect(answer.status, type).toBe(415);
      }
    });

    it('cannot read through a frame or a script tag either', async () => {
      expect((await operator.get('/dags', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
      expect((await operator.get('/dags', { 'sec-fetch-site': 'none' })).status).toBe(200);
    });
  });

  it('names that were rebound to this machine get nothing', async () => {
    const { port } = new URL(web.url);
    const path = `${basePath === '/' ? '' : basePath}/`;
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil',
      'a@127.0.0.1',
      '[::1',
    ]) {
      expect(await statusWithHost(web.url, host, path), host).toBe(403);
    }
    for (const host of [
      'localhost',
      `127.0.0.1:${port}`,
      '[::1]',
      'dev.localhost',
      'LOCALHOST:1',
      'tsflow.example.com',
    ]) {
      expect(await statusWithHost(web.url, host, path), host).toBe(200);
    }
  });

  it('bodies that are too large, too deep or no JSON', async () => {
    const post = (body: string) =>
      operator.raw('/api/v1/auth/tokens', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    expect((await post(JSON.stringify({ name: 'x'.repeat(2 ** 20) }))).status).toBe(413);
    expect((await post('{')).status).toBe(400);
    expect((await post('[]')).status).toBe(400);
    expect((await post(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).status).toBe(400);
    expect((await post('{"name":"x","__proto__":{"role":"Admin"}}')).status).toBeLessThan(500);
    expect((await post('{"name":"x","extra":1}')).status).toBe(400);
    expect((await post('')).status).toBe(400);
    const unauthenticated = await web.anybody().post('/auth/tokens', { name: 'x'.repeat(2 ** 21) });
    expect(unauthenticated.status).toBe(401);
  });

  it.each([
    '/dags?limit=1000000000',
    '/dags?limit=-1',
    '/dags?limit=1e999',
    '/dags?limit[$gt]=1',
    '/dags?search=a&search=b',
    '/dags?order=dag_id;drop',
    '/dags?nonsense=1',
    '/dags?cursor=AAAA',
    '/dags?cursor=WzFd',
    '/runs?state=x',
    '/runs?from=yesterday',
    '/events?after=-1',
    '/dags/x/grid?limit=1000',
    '/dags/x/runs/y/tasks/z/attempts/NaN/log',
    '/dags/x/runs/y/tasks/z/attempts/1/log?limitBytes=999999999',
  ])('%s is refused by its schema', async (path) => {
    expect((await operator.get(path)).status).toBe(400);
  });

  it.each([
    "' or 1=1 --",
    '"; drop table dag',
    '%',
    '\\',
    '\u0000',
    '../../etc/passwd',
    '<script>',
    '__proto__',
    'ünïcode',
    '\u202e',
  ])('ids are only compared: %j', async (id) => {
    const name = encodeURIComponent(id);
    for (const path of [
      `/dags/${name}`,
      `/dags/x/runs/${name}`,
      `/dags/${name}/runs/${name}/tasks/${name}/attempts/1/log`,
    ]) {
      const answer = await operator.get(path);
      expect([400, 404], path).toContain(answer.status);
      expect(answer.headers.get('content-type')).toContain('application/json');
    }
    expect((await operator.get(`/dags?search=${name}&tag=${name}&owner=${name}`)).status).toBeLessThan(500);
  });
});

describe('a server that fails', () => {
  it('tells the id of the request and nothing else', async () => {
    const database = await createDatabase('sqlite');
    const store = await database.open();
    const web = await WebHarness.start(store);
    const admin = await web.as('Admin');
    const broken = new Error('SELECT secret FROM /home/somebody/tsflow.db');
    store.variables.list = () => Promise.reject(broken);
    const answer = await admin.get('/variables');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|somebody|stack|at /);
    expect(web.logged.at(-1)).toContain(answer.headers.get('x-request-id'));
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
});

function statusWithHost(url: string, host: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, headers: { host } }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    request.on('error', reject);
    request.end();
  });
}
