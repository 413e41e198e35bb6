// The token of the command line is shown to the server that was named, and to nobody else; and whatever goes wrong on the way is said in
// words, with the address that was tried and an exit code of its own.
import { chmodSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InstalledProject } from '../support/installed-project.ts';

const TOKEN = 'tsflow_canary-0123456789';
const CERTIFICATE = new URL('../fixtures/tls/certificate.pem', import.meta.url);

let project: InstalledProject;
const servers: Server[] = [];
beforeAll(() => {
  project = new InstalledProject();
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => project[Symbol.asyncDispose]());

/** Runs `tsflow pools list` (or another command) against an address. */
function ask(url: string, env: Record<string, string> = {}, command = 'pools list') {
  return project.run(command.split(' '), { env: { TSFLOW_SERVER_URL: url, TSFLOW_TOKEN: TOKEN, ...env } });
}

/** A server on this machine: its address, and the credentials that it was shown. */
async function serve(server: Server, listener: RequestListener) {
  const shown: (string | undefined)[] = [];
  server.on('request', (request, response) => {
    shown.push(request.headers.authorization);
    listener(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, shown };
}

const plain = (listener: RequestListener) => serve(createServer(), listener);

async function overTls(listener: RequestListener) {
  const [cert, key] = await Promise.all([
    readFile(CERTIFICATE),
    readFile(new URL('../fixtures/tls/key.pem', import.meta.url)),
  ]);
  return serve(createTlsServer({ cert, key }), listener);
}

/** What a server of this release with no pools answers. */
const noPools =
  (headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end('{"items":[],"nextCursor":null}');
  };

describe('the token', () => {
  it('does not follow a redirect, not even to the same machine', async () => {
    const thief = await plain(noPools());
    const server = await plain((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${thief.port}/api/v1/pools` }).end();
    });
    const result = await ask(`http://127.0.0.1:${server.port}`);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`sends this on to http://127.0.0.1:${thief.port}`);
    expect(thief.shown).toEqual([]);
  });

  it.each([
    ['http://10.0.0.1', 'would carry the token in the clear'],
    ['http://localhost.example.com', 'would carry the token in the clear'],
    ['https://ann:secret@flow.example.com', 'has no password in it'],
    ['flow.example.com', 'expected an address'],
  ])('is not sent to %s: %s', async (url, why) => {
    const result = await ask(url);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(why) });
  });

  it('comes out of a file that nobody else may read', async () => {
    const server = await plain(noPools());
    const url = `http://127.0.0.1:${server.port}`;
    const file = join(project.folder, 'token');
    writeFileSync(file, `${TOKEN}\n`);
    chmodSync(file, 0o644);
    const env = { TSFLOW_TOKEN: '', TSFLOW_TOKEN_FILE: file };
    expect(await ask(url, env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`chmod 600 ${file}`),
    });
    expect(server.shown).toEqual([]);
    chmodSync(file, 0o600);
    expect(await ask(url, env)).toMatchObject({ code: 0 });
    expect(await ask(url, { TSFLOW_TOKEN: 'tsflow_other' }, `--token-file ${file} pools list`)).toMatchObject(
      {
        code: 0,
      },
    );
    expect(server.shown).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  });

  it('is asked of nobody when there is no terminal: the command says how to give it', async () => {
    const result = await ask('https://127.0.0.1:1', { TSFLOW_TOKEN: '' });
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('TSFLOW_TOKEN_FILE') });
  });

  it('is in no message, and is not repeated when it is malformed', async () => {
    const result = await ask(
      'https://127.0.0.1:1',
      { TSFLOW_TOKEN: 'tsflow_secret with blanks' },
      'pools list --json',
    );
    expect(result.code).toBe(2);
    expect(result.stdout + result.stderr).not.toContain('secret');
  });

  it('comes out of no file of the folder: a configuration there cannot name a server', async () => {
    await project.write({ 'tsflow.config.ts': `export default { serverUrl: 'https://thief.example.com' };` });
    try {
      const result = await project.run(['pools', 'list'], { env: { TSFLOW_TOKEN: TOKEN } });
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('serverUrl') });
    } finally {
      await project.write({ 'tsflow.config.ts': 'export default {};' });
    }
  });
});

describe('TLS', () => {
  it('refuses a certificate that nobody vouches for, before the token is sent', async () => {
    const server = await overTls(noPools());
    const result = await ask(`https://127.0.0.1:${server.port}`);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(server.shown).toEqual([]);
  });

  it('takes it from an authority that was named', async () => {
    const server = await overTls(noPools());
    const result = await ask(`https://localhost:${server.port}`, {
      NODE_EXTRA_CA_CERTS: CERTIFICATE.pathname,
    });
    expect(result).toMatchObject({ code: 0, stdout: 'There are no pools.\n', stderr: '' });
    expect(server.shown).toEqual([`Bearer ${TOKEN}`]);
  });

  it('says when the other end speaks none', async () => {
    const server = await plain(noPools());
    const result = await ask(`https://127.0.0.1:${server.port}`);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('does not speak TLS') });
  });

  it('goes through a proxy, which sees where to and nothing else', async () => {
    const server = await overTls(noPools());
    const heard: string[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, client) => {
      heard.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
      const upstream = connect(server.port, '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
    });
    const { port } = await serve(proxy, (_request, response) => response.writeHead(500).end());
    const env = {
      NODE_EXTRA_CA_CERTS: CERTIFICATE.pathname,
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: '',
    };
    const result = await ask(`https://localhost:${server.port}`, env);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(heard).toHaveLength(1);
    expect(heard[0]).toContain(`CONNECT localhost:${server.port}`);
    expect(heard[0]).not.toContain(TOKEN);
    expect(server.shown).toEqual([`Bearer ${TOKEN}`]);
  });
});

describe('what goes wrong on the way is said', () => {
  it('nothing listens there', async () => {
    const result = await ask('http://127.0.0.1:9');
    expect(result).toMatchObject({
      code: 3,
      stderr: 'error: http://127.0.0.1:9 does not answer: nothing listens there (ECONNREFUSED).\n',
    });
  });

  it('nothing comes back in time', async () => {
    const server = await plain(() => undefined);
    const result = await ask(`http://127.0.0.1:${server.port}`, { TSFLOW_SERVER_TIMEOUT: '300ms' });
    expect(result).toMatchObject({ code: 3, stderr: expect.stringContaining('it took too long') });
  });

  it.each([
    ['a page', 200, '<!doctype html>', 2, 'does not answer like tsflow (200 text/html)'],
    ['a page that does not exist', 404, '<!doctype html>', 2, 'TSFLOW_BASE_PATH'],
    ['a proxy without its server', 502, '<h1>Bad gateway</h1>', 3, 'the proxy in front of it says 502'],
    [
      'a server that broke',
      500,
      '{"error":{"code":"internal_error","message":"It failed.","requestId":"r-1"}}',
      1,
      'It failed. (request r-1)',
    ],
    [
      'a token that is not taken',
      401,
      '{"error":{"code":"unauthenticated","message":"x","requestId":"r"}}',
      1,
      'does not take this token',
    ],
    [
      'another place of the same server',
      404,
      '{"error":{"code":"no_such_path","message":"Nothing is there.","requestId":"r"}}',
      1,
      'base path',
    ],
  ] as const)('%s', async (_what, status, body, code, words) => {
    const server = await plain((_request, response) => {
      response.writeHead(status, { 'content-type': body.startsWith('<') ? 'text/html' : 'application/json' });
      response.end(body);
    });
    const result = await ask(`http://127.0.0.1:${server.port}`);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(words) });
    expect(result.stdout).toBe('');
  });

  it('a server that goes away while a run is followed is asked again; one that was never there is not', async () => {
    let asked = 0;
    const server = await plain((request, response) => {
      asked += 1;
      if (asked === 2) response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
      else if (asked === 3) request.socket.destroy();
      else noPools()(request, response);
    });
    const result = await ask(`http://127.0.0.1:${server.port}`, {}, 'dags list');
    expect(result).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/says 502\. Trying again for a while\.\n$/),
    });
    expect(asked).toBe(4);
  });

  it('a server of another series is warned of once, and named when it does not know a request', async () => {
    const server = await plain((request, response) => {
      if (request.url === '/api/v1/pools') return noPools({ 'tsflow-version': '9.1.0' })(request, response);
      response.writeHead(404, { 'content-type': 'application/json', 'tsflow-version': '9.1.0' });
      response.end('{"error":{"code":"no_such_path","message":"Nothing is there.","requestId":"r"}}');
    });
    const url = `http://127.0.0.1:${server.port}`;
    const warned = await ask(url);
    expect(warned).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning: .* is tsflow 9\.1\.0, this command 0\.1\.0/),
    });
    const unknown = await ask(url, {}, 'assets list');
    expect(unknown.stderr).toContain('Nothing is there. (The server is tsflow 9.1.0, this command 0.1.0.)');
  });
});

describe('what is about this machine', () => {
  it.each([
    ['db check', 'installation'],
    ['standalone', 'installation'],
    ['scheduler', 'installation'],
    ['webserver', 'installation'],
    ['dag-processor', 'installation'],
    ['config list', 'installation'],
    ['simulate --start 2026-01-01 --end 2026-01-02', 'installation'],
    ['connections test x', 'installation'],
    ['connections rotate-key', 'installation'],
    ['connections export --with-secrets', 'installation'],
  ])('%s says so while a server is named', async (command) => {
    const result = await ask('https://127.0.0.1:1', {}, command);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain("works on this machine's own installation");
    expect(result.stderr).toContain('env -u TSFLOW_SERVER_URL');
  });

  it.each(['check --no-types', 'init elsewhere'])(
    '%s works on files and does not mind the variable',
    async (command) => {
      expect(await ask('https://127.0.0.1:1', {}, command)).toMatchObject({ code: 0 });
      const asked = await ask('https://127.0.0.1:1', {}, `--server https://127.0.0.1:1 ${command}`);
      expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('leave --server out') });
    },
  );

  it('a server and a database at once are refused', async () => {
    const result = await ask('https://127.0.0.1:1', {}, '--database-url sqlite:x.db pools list');
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('give one of them') });
  });
});
