import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Round trips per second to warm children over a Unix domain socket, one JSON line each way: the raw limit of T1.
 *
 * @param inFlight messages that each child has before it answers the first
 */
export async function socketRoundTrips(inFlight: number, children = 2, seconds = 2): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tsflow-bench-'));
  const server = createServer();
  server.listen(join(folder, 'socket'));
  await once(server, 'listening');
  const processes = Array.from({ length: children }, () =>
    spawn(process.execPath, [resolve('benchmarks/raw/echo-child.mjs'), join(folder, 'socket')]),
  );
  const sockets: Socket[] = [];
  for (let i = 0; i < children; i++) sockets.push((await once(server, 'connection'))[0] as Socket);
  await trips(sockets, inFlight, 0.3);
  const rate = await trips(sockets, inFlight, seconds);
  for (const child of processes) child.kill();
  for (const socket of sockets) socket.destroy();
  server.close();
  rmSync(folder, { recursive: true, force: true });
  return rate;
}

async function trips(sockets: readonly Socket[], inFlight: number, seconds: number): Promise<number> {
  let answered = 0;
  let seq = 0;
  const start = performance.now();
  const end = start + seconds * 1_000;
  const done = sockets.map(
    (socket) =>
      new Promise<void>((finish) => {
        let rest = '';
        let open = 0;
        const send = (count: number): void => {
          let text = '';
          for (let i = 0; i < count; i++)
            text += `${JSON.stringify({ verb: 'grant', seq: ++seq, taskId: 'noop' })}\n`;
          open += count;
          socket.write(text);
        };
        const onData = (chunk: Buffer): void => {
          const lines = (rest + chunk.toString()).split('\n');
          rest = lines.pop()!;
          for (const line of lines) JSON.parse(line);
          open -= lines.length;
          answered += lines.length;
          if (performance.now() < end) send(lines.length);
          else if (open === 0) {
            socket.off('data', onData);
            finish();
          }
        };
        socket.on('data', onData);
        send(inFlight);
      }),
  );
  await Promise.all(done);
  return (answered * 1_000) / (performance.now() - start);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const inFlight of [1, 8]) {
    const rate = await socketRoundTrips(inFlight);
    console.log(
      `${inFlight * 2} in flight, 2 children: ${Math.round(rate).toLocaleString('en')} round trips/s`,
    );
  }
}
