import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server that keeps what it was sent. `answer` says what it answers to which request; default 200 `ok`. */
export async function httpReceiver(
  answer: (
    request: ReceivedRequest,
    count: number,
  ) => { status: number; body?: string; type?: string } = () => ({
    status: 200,
    body: 'ok',
  }),
) {
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const one = { method: request.method!, path: request.url!, headers: request.headers, body };
      received.push(one);
      const said = answer(one, received.length);
      response.writeHead(said.status, { 'content-type': said.type ?? 'text/plain' });
      response.end(said.body ?? '');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    received,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
