import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that cuts a connection when the client says a certain thing: before the server hears it, or after. */
export interface SeveringProxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts the next connection on which `text` is said, once. Resolves when that has happened. */
  sever(text: string, when: 'before' | 'after'): Promise<void>;
  /** From now on the connections that are open carry nothing, and nobody is told: half open, for ever. New ones are as ever. */
  freeze(): void;
}

export async function startSeveringProxy(target: { host: string; port: number }): Promise<SeveringProxy> {
  const frozen = new WeakSet<Socket>();
  let order: { text: string; when: 'before' | 'after'; done: () => void } | null = null;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    let isSevered = false;
    upstream.on('data', (data) => {
      if (frozen.has(client)) return;
      if (!isSevered) client.write(data);
      // The server has answered, so it has done what it was told.
      else client.destroy();
    });
    client.on('data', (data) => {
      if (frozen.has(client)) return;
      if (order === null || !data.includes(order.text)) {
        upstream.write(data);
        return;
      }
      const { when, done } = order;
      order = null;
      isSevered = true;
      if (when === 'after') upstream.write(data);
      else client.destroy();
      done();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    sever: (text, when) =>
      new Promise((done) => {
        order = { text, when, done };
      }),
    freeze() {
      for (const socket of sockets) frozen.add(socket);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
