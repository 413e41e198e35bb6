import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { TaskApiServer, taskApiSocketPath } from '@tsflow/scheduler/task-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tsflow-api-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function startServer(onPing: (reason: string) => void = () => undefined): Promise<TaskApiServer> {
  const server = new TaskApiServer({ socketPath: taskApiSocketPath(home), onPing });
  await server.start();
  return server;
}

async function dial(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, message: object): Promise<unknown> {
  socket.write(`${JSON.stringify(message)}\n`);
  const lines = createInterface({ input: socket });
  const [line] = (await once(lines, 'line')) as [string];
  lines.close();
  return JSON.parse(line);
}

describe('the socket of the task API', () => {
  test('is for this user alone, and goes with its server', async () => {
    const server = await startServer();
    expect(statSync(server.socketPath).mode & 0o777).toBe(0o600);
    await server.stop();
    expect(existsSync(server.socketPath)).toBe(false);
    await server.stop();
  });

  test('is taken over from a server that was killed, and refused while one lives', async () => {
    await using first = await startServer();
    await expect(startServer()).rejects.toThrow('Another scheduler listens');
    // What kill -9 leaves behind: the file, and nobody who answers.
    const { createServer } = await import('node:net');
    const path = join(home, 'left.sock');
    const left = createServer().listen(path);
    await once(left, 'listening');
    const { renameSync } = await import('node:fs');
    renameSync(path, `${path}.kept`);
    left.close();
    await once(left, 'close');
    renameSync(`${path}.kept`, path);
    await using next = new TaskApiServer({ socketPath: path });
    await next.start();
    expect(first.socketPath).not.toBe(next.socketPath);
  });

  test('of a long home lies in a directory of this user alone', async () => {
    home = join(home, 'x'.repeat(120));
    mkdirSync(home);
    await using server = await startServer();
    expect(Buffer.byteLength(server.socketPath)).toBeLessThan(100);
    expect(statSync(dirname(server.socketPath)).mode & 0o077).toBe(0);
    expect(taskApiSocketPath(home)).toBe(server.socketPath);
    home = dirname(home);
  });

  test.each([
    ['what is not JSON', 'hello\n'],
    ['a verb before hello', '{"verb":"started"}\n'],
    [
      'a runner of another protocol',
      '{"verb":"hello","protocol":99,"runner":{"runnerId":"x"},"busyWith":null}\n',
    ],
    [
      'a runner nobody waits for',
      '{"verb":"hello","protocol":1,"runner":{"runnerId":"x"},"busyWith":null}\n',
    ],
    ['a line without end', 'x'.repeat(9 * 1024 * 1024)],
  ])('hangs up on %s, and serves others', async (_what, text) => {
    await using server = await startServer();
    const bad = await dial(server.socketPath);
    bad.on('error', () => undefined);
    bad.resume();
    const closed = new Promise((resolve) => bad.once('close', resolve));
    bad.write(text);
    await closed;
    const good = await dial(server.socketPath);
    expect(await ask(good, { verb: 'ping', reason: 'intents' })).toEqual({ verb: 'pong' });
    good.destroy();
  });
});

describe('pings', () => {
  test('wake the scheduler', async () => {
    const reasons: string[] = [];
    await using server = await startServer((reason) => reasons.push(reason));
    const socket = await dial(server.socketPath);
    await ask(socket, { verb: 'ping', reason: 'variables' });
    await ask(socket, { verb: 'ping', reason: 'versions' });
    expect(reasons).toEqual(['variables', 'versions']);
    socket.destroy();
  });

  test('wait for a decision, before or after it was made', async () => {
    let pinged = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      pinged = resolve;
    });
    await using server = await startServer(() => pinged());
    const [early, late] = [await dial(server.socketPath), await dial(server.socketPath)];
    const answer = ask(early, { verb: 'await_intent', intentId: 7 });
    await asked;
    server.resolveIntent(7);
    expect(await answer).toEqual({ verb: 'intent_decided', intentId: 7 });
    expect(await ask(late, { verb: 'await_intent', intentId: 7 })).toEqual({
      verb: 'intent_decided',
      intentId: 7,
    });
    early.destroy();
    late.destroy();
  });
});
