import { createServer } from 'node:net';
import type { Clock } from '@tsflow/core/clock';
import { silentLogger } from '@tsflow/core/logger';
import type { Store } from '@tsflow/core/store';
import { changeUser, createUser, createWebServer, ensureAdmin, PortTakenError } from '@tsflow/webserver';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/store.ts';
import { cookieOf, itemsOf, PASSWORD, type WebClient, WebHarness } from '../support/web-harness.ts';

const DAY = 86_400_000;

describe('sessions, tokens and passwords', () => {
  let database: TestDatabase;
  let store: Store;
  let web: WebHarness;
  let offsetMs = 0;
  const clock: Clock = {
    now: () => Date.now() + offsetMs,
    monotonic: () => performance.now(),
    setTimer: (delayMs, callback) => {
      const handle = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
  };

  beforeEach(async () => {
    offsetMs = 0;
    database = await createDatabase('sqlite');
    store = await database.open();
    web = await WebHarness.start(store, { clock });
  });
  afterEach(async () => {
    await web[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const statusOf = async (client: WebClient) => (await client.get('/auth/me')).status;

  it('there are no default credentials: the first admin is made once, with a password of its own', async () => {
    const first = await ensureAdmin(store);
    expect(first).toMatchObject({ name: 'admin', password: expect.stringMatching(/^[a-z2-9]{24}$/) });
    expect(await ensureAdmin(store)).toBeNull();
    expect((await web.logIn('admin', first!.password)).headers.cookie).toBeDefined();
    for (const password of ['admin', 'password', '']) {
      expect((await web.anybody().post('/auth/login', { name: 'admin', password })).status).not.toBe(200);
    }
  });

  it('the database keeps no password, no session and no token', async () => {
    const client = await web.as('Admin');
    const { token } = (await client.post('/auth/tokens', { name: 'ci' })).body as { token: string };
    const session = client.headers.cookie!.split('=')[1]!;
    const rows = JSON.stringify([
      await store.db.selectFrom('user').selectAll().execute(),
      await store.db.selectFrom('session').selectAll().execute(),
      await store.db.selectFrom('apiToken').selectAll().execute(),
    ]);
    for (const secret of [PASSWORD, session, token]) expect(rows).not.toContain(secret);
    expect(web.logged.join('\n')).not.toContain(session);
  });

  it('the cookie is HttpOnly, SameSite=Strict, at the base path, and Secure behind TLS', async () => {
    await web.as('Viewer');
    const login = { name: 'viewer', password: PASSWORD };
    const plain = (await web.anybody().post('/auth/login', login)).headers.get('set-cookie')!;
    expect(plain).toMatch(/; Path=\/;.*HttpOnly; SameSite=Strict$/);
    const tls = await web.anybody().post('/auth/login', login, { 'x-forwarded-proto': 'https' });
    expect(tls.headers.get('set-cookie')).toContain('; Secure');
  });

  it('a session ends with its logout, a new password, its user being disabled, and time', async () => {
    const { name } = await createUser(store, {
      name: 'eve',
      password: PASSWORD,
      role: 'Viewer',
      now: Date.now(),
    });
    const ends: (() => Promise<unknown>)[] = [
      () => changeUser(store, name, { password: 'another password', now: 0 }),
      () => changeUser(store, name, { isDisabled: true, now: 1 }),
    ];
    const first = await web.logIn(name);
    expect(await statusOf(first)).toBe(200);
    expect((await first.post('/auth/logout')).status).toBe(204);
    expect(await statusOf(first)).toBe(401);
    const second = await web.logIn(name);
    await ends[0]!();
    expect(await statusOf(second)).toBe(401);
    const third = await web.logIn(name, 'another password');
    await ends[1]!();
    expect(await statusOf(third)).toBe(401);
    const login = { name, password: 'another password' };
    expect((await web.anybody().post('/auth/login', login)).status).toBe(401);
    await changeUser(store, name, { isDisabled: false, now: 2 });
    expect(await statusOf(third)).toBe(401);
    const fourth = await web.logIn(name, 'another password');
    offsetMs = 6 * DAY;
    expect(await statusOf(fourth)).toBe(200);
    offsetMs = 12 * DAY;
    expect(await statusOf(fourth)).toBe(200);
    offsetMs = 20 * DAY;
    expect(await statusOf(fourth)).toBe(401);
  });

  it('a session lasts a month at most, however often it is used', async () => {
    const client = await web.as('Viewer');
    for (let days = 5; days < 30; days += 5) {
      offsetMs = days * DAY;
      expect(await statusOf(client), `after ${days} days`).toBe(200);
    }
    offsetMs = 30 * DAY + 1000;
    expect(await statusOf(client)).toBe(401);
  });

  it('a changed role counts from the next request on', async () => {
    const client = await web.as('Admin', 'ann');
    await web.as('Admin', 'bob');
    expect((await client.get('/users')).status).toBe(200);
    await changeUser(store, 'ann', { role: 'Viewer', now: 0 });
    expect((await client.get('/users')).status).toBe(403);
  });

  it('somebody stays Admin', async () => {
    const admin = await web.as('Admin');
    for (const patch of [{ role: 'Viewer' }, { isDisabled: true }]) {
      expect((await admin.patch('/users/admin', patch)).status).toBe(409);
    }
    expect((await admin.post('/users', { name: 'two', password: PASSWORD, role: 'Admin' })).status).toBe(201);
    expect((await admin.post('/users', { name: 'two', password: PASSWORD, role: 'Admin' })).status).toBe(409);
    expect((await admin.post('/users', { name: '../x', password: PASSWORD, role: 'Admin' })).status).toBe(
      400,
    );
    expect((await admin.post('/users', { name: 'short', password: 'x', role: 'Admin' })).status).toBe(400);
    expect((await admin.patch('/users/admin', { role: 'Viewer' })).status).toBe(200);
  });

  it('a session that was planted before the login is not the one after it', async () => {
    await web.as('Viewer');
    const planted = { cookie: 'tsflow_session_0=planted' };
    const login = { name: 'viewer', password: PASSWORD };
    const answer = await web.anybody(planted).post('/auth/login', login);
    expect(cookieOf(answer)).not.toBe(planted.cookie);
    const again = await web.anybody({ cookie: cookieOf(answer) }).post('/auth/login', login);
    expect(cookieOf(again)).not.toBe(cookieOf(answer));
    expect(await statusOf(web.anybody({ cookie: cookieOf(answer) }))).toBe(401);
  });

  it('a token works until it is deleted or expires, and a cookie beside it counts for nothing', async () => {
    const client = await web.as('Operator');
    const expiresAt = new Date(Date.now() + DAY).toISOString();
    const made = await client.post('/auth/tokens', { name: 'ci', expiresAt });
    const { token, id, prefix } = made.body as { token: string; id: number; prefix: string };
    expect(token.startsWith(prefix)).toBe(true);
    const byToken = web.anybody({ authorization: `Bearer ${token}` });
    expect((await byToken.get('/auth/me')).body).toEqual({ user: { name: 'operator', role: 'Operator' } });
    expect(itemsOf(await client.get('/auth/tokens'))).toMatchObject([{ id, lastUsedAt: expect.any(String) }]);
    expect((await client.get('/auth/tokens')).text).not.toContain(token);
    for (const authorization of [
      `Bearer ${token}x`,
      'Bearer',
      `Basic ${token}`,
      'Bearer  ',
      'Bearer null',
      '',
    ]) {
      const both = web.anybody({ authorization, cookie: client.headers.cookie! });
      expect(await statusOf(both), authorization).toBe(401);
    }
    offsetMs = 2 * DAY;
    expect(await statusOf(byToken)).toBe(401);
    offsetMs = 0;
    const other = await web.as('Admin');
    expect((await other.delete(`/auth/tokens/${id}`)).status).toBe(404);
    expect((await client.delete(`/auth/tokens/${id}`)).status).toBe(204);
    expect(await statusOf(byToken)).toBe(401);
  });

  it('a password is changed by whoever knows the current one, and other sessions end', async () => {
    const client = await web.as('Viewer');
    const elsewhere = await web.logIn('viewer');
    const next = 'a longer password';
    expect((await client.put('/auth/password', { current: 'wrong', next })).status).toBe(403);
    const changed = await client.put('/auth/password', { current: PASSWORD, next });
    expect(changed.status).toBe(204);
    expect(await statusOf(elsewhere)).toBe(401);
    expect(await statusOf(web.anybody({ cookie: cookieOf(changed) }))).toBe(200);
  });

  it('guessing is limited per account, from whatever address it claims to come', async () => {
    await web.as('Viewer');
    const guess = (n: number, name = 'viewer') =>
      web.anybody({ 'x-forwarded-for': `10.0.0.${n}` }).post('/auth/login', { name, password: `guess ${n}` });
    const statuses: number[] = [];
    for (let n = 0; n < 14; n++) statuses.push((await guess(n)).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    const refused = await guess(99);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const right = await web.anybody().post('/auth/login', { name: 'viewer', password: PASSWORD });
    expect(right.status).toBe(429);
    expect((await guess(1, 'somebody else')).status).toBe(401);
  });

  it('guessing is limited per address, over all accounts', async () => {
    const all = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        web.anybody().post('/auth/login', { name: `user${n}`, password: 'a guess' }),
      ),
    );
    expect(all.filter(({ status }) => status === 401)).toHaveLength(50);
    expect(all.filter(({ status }) => status === 429)).toHaveLength(10);
  });

  it('a right password is never counted against anybody', async () => {
    await web.as('Viewer');
    for (let n = 0; n < 12; n++) await web.logIn('viewer');
  });

  it('a login says nothing about who exists', async () => {
    await web.as('Viewer');
    const wrong = await web.anybody().post('/auth/login', { name: 'viewer', password: 'wrong' });
    const unknown = await web.anybody().post('/auth/login', { name: 'nobody', password: 'wrong' });
    const without = (text: string) => text.replace(/"requestId":"[^"]*"/, '');
    expect(without(wrong.text)).toBe(without(unknown.text));
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
  });
});

it('a taken port is a clear error', async () => {
  const database = await createDatabase('sqlite');
  const store = await database.open();
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const config = {
    host: '127.0.0.1',
    port,
    basePath: '/',
    allowedHosts: '',
    leaseMs: 30_000,
    dags: '',
    home: '/nowhere',
  } as never;
  const server = createWebServer({ store, config, logger: silentLogger, logsDir: '/nowhere' });
  await expect(server.start()).rejects.toThrow(PortTakenError);
  await expect(
    createWebServer({ store, config, logger: silentLogger, logsDir: '/nowhere' }).start(),
  ).rejects.toThrow(/in use.*TSFLOW_PORT/);
  await server.stop();
  taken.close();
  await database[Symbol.asyncDispose]();
});
